// Restore points in the window: damage that is found and named, restoring elsewhere, deleting; by mouse and by keyboard.
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { difference } from '../support/qemu.ts'
import { run } from '../support/run.ts'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

const points = (page: Page): Locator => page.getByTestId('points').locator('[data-testid^="point-"]')

/** Turns one bit of a file around. */
function flip(path: string, offset: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, offset)
  writeSync(file, Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, offset)
  closeSync(file)
}

/** Where the guest sees the megabyte that holds the byte at `offset` of an image file. */
async function megabyteAt(path: string, offset: number): Promise<number> {
  const text = await run('qemu-img', 'map', '--output=json', '-f', 'qcow2', path)
  const parts = JSON.parse(text) as { start: number; length: number; offset?: number }[]
  const part = parts.find((one) => one.offset !== undefined && one.offset <= offset && offset < one.offset + one.length)
  if (part?.offset === undefined) throw new Error(`There is no data at ${offset}`)
  const place = part.start + offset - part.offset
  return place - (place % 2 ** 20)
}

test('a flipped byte is found and named, the point is blocked, another is restored elsewhere, and both are deleted', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const disk = await world.disk('vda', 'debian.qcow2', 8)
  await world.machine('debian-dev', { disks: [disk] })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  for (let count = 0; count < 2; count += 1) await world.floe('backup', 'debian-dev', '--full')
  const [listed] = (await world.floe('points', 'debian-dev')) as { path: string; disks: { file: string }[] }[][]
  const newest = listed?.[0]
  if (newest === undefined) throw new Error('There is no restore point')
  await page.getByRole('treeitem', { name: /^debian-dev/ }).click()
  await expect(points(page)).toHaveCount(2)

  const damaged = join(newest.path, newest.disks[0]?.file ?? '')
  const first = await megabyteAt(damaged, 4 << 20)
  flip(damaged, 4 << 20)
  await points(page).first().click()
  await lookAt(page, 'selected point')
  await page.keyboard.press('Control+Shift+v')
  const verify = page.getByTestId('sheet-verify')
  await expect(verify.getByRole('radio', { name: /Checksums/ }), 'the first field').toBeFocused()
  await lookAt(page, 'verify')
  await floe.picture('verify')
  await page.getByTestId('verify-now').click()
  await expect(verify).toBeHidden()
  const card = page.getByRole('group', { name: 'Verification of debian-dev' })
  await expect(card).toContainText('This restore point is damaged')
  await expect(card, 'disk and offset').toContainText(`Bytes ${first} to ${first + 2 ** 20 - 1} of the disk "n-vda"`)
  await expect(points(page).first()).toContainText(/Damaged/)
  await expect(page.getByTestId('restore-point')).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByTestId('banner-damaged')).toContainText('Can’t be restored')
  await lookAt(page, 'damaged point')
  await floe.picture('damaged')

  await page
    .getByTestId('banner-damaged')
    .getByRole('button', { name: /Instead/ })
    .click()
  await page.getByTestId('restore-point').click()
  const restore = page.getByTestId('sheet-restore')
  await expect(page.getByTestId('preflight-machine-off')).toContainText(/running|runs|Turn off|use/i)
  await expect(page.getByTestId('restore-now')).toHaveAttribute('aria-disabled', 'true')
  await lookAt(page, 'restore, blocked')
  await floe.picture('restore-blocked')
  await restore.getByText('New Image…').click()
  const folder = world.place('restored')
  await expect(page.getByTestId('restore-directory')).toBeFocused()
  await page.getByTestId('restore-directory').fill(folder)
  await lookAt(page, 'restore to a new image')
  await page.getByTestId('restore-now').click()
  await expect(restore).toContainText('is in a new image', { timeout: 60_000 })
  await lookAt(page, 'restored')
  await page.getByRole('button', { name: 'Done', exact: true }).click()
  const image = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith('.qcow2'))
  // The running machine holds a lock on its own image.
  const original = join(world.folder, 'original.qcow2')
  copyFileSync(disk.path, original)
  expect(await difference(join(folder, image ?? ''), original, { a: 'qcow2', b: 'qcow2' })).toBeNull()

  await points(page).first().focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+Backspace')
  const sheet = page.getByTestId('sheet-delete-points')
  await expect(sheet).toContainText('Delete 2 restore points?')
  await expect(sheet.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(page.getByTestId('delete-now')).toHaveAttribute('aria-disabled', 'true')
  await lookAt(page, 'delete')
  await floe.picture('delete')
  for (const tick of await sheet.getByText(/all the same/).all()) await tick.click()
  await page.getByTestId('delete-now').click()
  await expect(points(page)).toHaveCount(0)
  await expect(page.getByTestId('points')).toBeHidden()
  expect(existsSync(newest.path)).toBe(false)
})

/** Presses Tab until `goal` has the focus, and sees that the focus can be seen at every stop. */
async function tabTo(page: Page, goal: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let stop = 0; stop < 60; stop += 1) {
    if (await goal.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
    await expectFocusShown(page)
  }
  throw new Error(`${goal} cannot be reached with ${key}`)
}

async function expectFocusShown(page: Page): Promise<void> {
  const shown = await page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return 'the page itself'
    // The ring of a field or a radio button is around what holds the input.
    const rings = [element, element.closest('label'), element.parentElement].some((one) => {
      if (one === null) return false
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one)
      return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) || boxShadow !== 'none'
    })
    return rings ? '' : element.outerHTML.slice(0, 200)
  })
  expect(shown === 'the page itself' ? '' : shown, 'focus that cannot be seen').toBe('')
}

test('the whole way with the keyboard alone: demo, destination, backup, restore sheet', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await expect(page.getByRole('heading', { name: 'No running QEMU machine found' })).toBeVisible()

  await tabTo(page, page.getByTestId('demo-start').first())
  await page.keyboard.press('Enter')
  const row = page.getByRole('navigation').getByRole('treeitem', { name: /demo,/ })
  await expect(row).toBeVisible({ timeout: 60_000 })

  await page.keyboard.press('Control+Shift+n')
  await expect(page.getByRole('radio', { checked: true })).toBeFocused()
  const other = page.getByRole('radio', { name: 'Another folder' })
  for (let stop = 0; stop < 10 && !(await other.isChecked()); stop += 1) await page.keyboard.press('ArrowDown')
  await expectFocusShown(page)
  await tabTo(page, page.getByTestId('destination-path'))
  await page.keyboard.type(place)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByRole('treeitem', { name: /^Backups/ })).toBeVisible()

  await page.keyboard.press('Control+1')
  await expect(page.getByTestId('status-strip')).toBeVisible()
  await tabTo(page, page.getByTestId('back-up-now'))
  await page.keyboard.press('Enter')
  await expect(page.getByText(/Backed up( in|, not frozen)/)).toBeVisible({ timeout: 60_000 })

  await tabTo(page, points(page).first())
  await page.keyboard.press('Enter')
  const restore = page.getByTestId('restore-point')
  await tabTo(page, restore)
  await page.keyboard.press('Enter')
  const sheet = page.getByTestId('sheet-restore')
  await expect(sheet).toBeVisible()
  await expectFocusShown(page)
  expect(await sheet.evaluate((element) => element.contains(document.activeElement)), 'focus is in the sheet').toBe(
    true,
  )
  for (let stop = 0; stop < 12; stop += 1) await page.keyboard.press('Tab')
  expect(await sheet.evaluate((element) => element.contains(document.activeElement)), 'and stays there').toBe(true)
  const hidden = await page.evaluate(() => {
    const main = document.querySelector('main')
    return main?.closest('[inert], [aria-hidden="true"]') !== null
  })
  expect(hidden, 'what lies behind the sheet is hidden from assistive technology').toBe(true)
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  await expect(restore, 'focus returns').toBeFocused()
  await page.keyboard.press('Control+r')
  await expect(sheet).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  await page.keyboard.press('Control+l')
  await expect(page.getByRole('heading', { name: 'Activity', level: 1 })).toBeVisible()
  await page.keyboard.press('Control+0')
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
  await lookAt(page, 'overview with the demo machine')
})
