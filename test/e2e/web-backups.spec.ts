// Backups as they run, pause, queue, stop and fail, in the window, on real machines.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { until } from '../support/run.ts'
import { volume } from '../support/volume.ts'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

const cards = (page: Page): Locator => page.locator('[data-testid^="job-"]')
const machineRow = (page: Page, name: string): Locator =>
  page.getByRole('navigation').getByRole('treeitem', { name: new RegExp(`^${name}`) })

/** Every value a job's bar has, from now on, read in the page as it changes. */
async function watchBars(page: Page): Promise<() => Promise<{ values: number[]; texts: string[] }>> {
  await page.evaluate(() => {
    const seen = { values: [] as number[], texts: [] as string[] }
    Object.assign(window, { seenBars: seen })
    const read = () => {
      const card = document.querySelector('[data-testid^="job-"]')
      const bar = card?.querySelector('[role="progressbar"]')
      // The bar is full while a recorded copy is read back; a sweep on it tells how far that is.
      if (!card || !bar || card.querySelector('[data-testid="check-sweep"]')) return
      const value = Number(bar.getAttribute('aria-valuenow'))
      if (bar.hasAttribute('aria-valuenow') && seen.values.at(-1) !== value) seen.values.push(value)
      const percent = /\d+\s%/.exec(card.textContent ?? '')?.[0]
      if (percent && seen.texts.at(-1) !== percent) seen.texts.push(percent)
    }
    new MutationObserver(read).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  return () => page.evaluate(() => (window as unknown as { seenBars: { values: number[]; texts: string[] } }).seenBars)
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}

test('a backup is paused, limited, reloaded and finished, and the next one cancelled', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const disks = [await world.disk('vda', 'system.qcow2', 90), await world.disk('vdb', 'data.qcow2', 20)]
  await world.machine('debian-dev', { disks })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  await expect(page.getByRole('treeitem', { name: /^Backups/ })).toBeVisible()
  await machineRow(page, 'debian-dev').click()

  await page.keyboard.press('Control+Alt+b')
  const options = page.getByTestId('sheet-back-up-options')
  await expect(options).toContainText(/Full, about 1\d\d\sMB/)
  await expect(options.getByRole('button', { name: /Destination/ }), 'the first field').toBeFocused()
  await lookAt(page, 'options')
  await page.getByTestId('more-options').click()
  await options.getByRole('button', { name: /Speed limit/ }).click()
  await page.getByRole('option', { name: /10(\.0)?\sMB\/s/ }).click()
  await page.getByTestId('back-up').click()
  await expect(options).toBeHidden()
  // What runs is above what has ended.
  const card = page.getByRole('group', { name: 'Backup of debian-dev' }).first()
  await expect(card).toContainText('Full backup to Backups')
  const seen = await watchBars(page)
  await expect(card).toContainText(/of 1\d\d\sMB copied/)

  await card.getByRole('button', { name: 'Pause' }).click()
  await expect(card).toContainText(/Paused at \d+\s%/, { timeout: 2000 })
  await floe.picture('paused')
  await lookAt(page, 'paused backup')
  await page.reload()
  await expect(card, 'the page and the pause survive a reload').toContainText(/Paused at \d+\s%/)
  const seenAfter = await watchBars(page)
  await card.getByRole('button', { name: 'Resume' }).click()
  await expect(card.getByRole('button', { name: 'Pause' })).toBeVisible({ timeout: 2000 })
  await card.getByRole('button', { name: 'Speed limit' }).click()
  await page.getByRole('menuitem', { name: /25(\.0)?\sMB\/s/ }).click()
  await card.getByRole('button', { name: 'Speed limit' }).click()
  await expect(page.getByRole('menuitem', { name: /25(\.0)?\sMB\/s \(now\)/ })).toBeVisible({ timeout: 2000 })
  await page.getByRole('menuitem', { name: 'No Speed Limit' }).click()
  await expect(page.getByText(/Backed up( in|, not frozen)/)).toBeVisible({ timeout: 60_000 })
  for (const { values, texts } of [await seen().catch(() => ({ values: [], texts: [] })), await seenAfter()]) {
    expect(values, 'the bar never moves back').toEqual(values.toSorted((one, other) => one - other))
    expect(Math.max(0, ...values), 'no 100 % before it is recorded').toBeLessThan(100)
    expect(texts).not.toContain('100\u00a0%')
  }
  await expect(page.getByTestId('points').locator('[data-testid^="point-"]')).toHaveCount(1)
  await lookAt(page, 'finished backup')

  const before = filesBelow(place).toSorted()
  await startLimited(page)
  await expect(card).toContainText(/MB copied/)
  await card.getByRole('button', { name: 'Cancel', exact: true }).click()
  await expect(card).toContainText(/Cancelled/)
  expect(filesBelow(place).toSorted(), 'nothing is left of it').toEqual(before)

  await startLimited(page)
  await expect(card.getByRole('button', { name: 'Cancel…' })).toBeVisible({ timeout: 20_000 })
  await card.getByRole('button', { name: 'Cancel…' }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('Cancel the backup of debian-dev?')
  await expect(question).toContainText(/is already copied and will be removed/)
  await expect(question).toContainText('Changes are still tracked, so the next backup is incremental.')
  await expect(question.getByRole('button', { name: 'Keep Backing Up' })).toBeFocused()
  await lookAt(page, 'cancel question')
  await question.getByRole('button', { name: 'Keep Backing Up' }).click()
  await expect(card).toContainText(/MB copied/)
  await page.keyboard.press('Control+.')
  await question.getByRole('button', { name: 'Cancel Backup' }).click()
  await expect(card).toContainText(/Cancelled at \d+\s%/)
  expect(filesBelow(place).toSorted(), 'nothing is left of it').toEqual(before)
})

test('two machines queue for one destination; a killed one ends its backup, and the terminal’s backup is live', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const one = await world.machine('one', { disks: [await world.disk('vda', 'one.qcow2', 480, '512M')] })
  await world.machine('two', { disks: [await world.disk('vda', 'two.qcow2', 30)] })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  await machineRow(page, 'one').click()
  await startLimited(page)
  const card = page.getByRole('group', { name: /^Backup of/ })
  await expect(card).toContainText(/MB copied/)
  await machineRow(page, 'two').click()
  await page.getByTestId('back-up-now').click()
  await expect(card).toContainText('Waiting for its turn')
  await expect(card).toContainText('Next for Backups')
  await expect(machineRow(page, 'two')).toContainText('Queued')
  await floe.picture('queued')
  await lookAt(page, 'queued backup')
  await page.getByTestId('side-overview').click()
  await expect(page.getByTestId('running-now')).toContainText('one')
  await lookAt(page, 'overview while backing up')
  await floe.picture('overview')
  await machineRow(page, 'two').click()
  await card.getByRole('button', { name: 'Start Now' }).click()
  await expect(page.getByText(/Backed up( in|, not frozen)/)).toBeVisible({ timeout: 30_000 })

  await machineRow(page, 'one').click()
  await expect(card).toContainText(/MB copied/)
  await one.kill()
  await expect(card).toContainText('one stopped during the backup', { timeout: 2000 })
  await expect(card).toContainText(`QEMU (pid ${one.pid}) ended`)
  await expect(card).toContainText('The unfinished copy was removed')
  const images = filesBelow(place).filter((file) => file.endsWith('.qcow2'))
  expect(images, 'only the copy of the other machine is there').toHaveLength(1)
  expect((await world.floe('points', 'one')).flat()).toEqual([])
  await floe.picture('stopped-machine')
  await lookAt(page, 'failed backup')

  await machineRow(page, 'two').click()
  const backup = world.floe('backup', 'two', '--full', '--limit', '10M')
  await expect(card.filter({ hasText: 'MB copied' }), 'what the terminal started').toBeVisible()
  await backup
  await expect(page.getByTestId('points').locator('[data-testid^="point-"]')).toHaveCount(2)

  await page.getByTestId('side-activity').click()
  const list = page.getByRole('list', { name: 'Activity' })
  await expect(list).toContainText('one stopped during the backup')
  await page.getByText(/^Problems/).click()
  await expect(list.locator('[data-testid^="act-"]')).toHaveCount(1)
  await list
    .getByRole('button', { name: /one stopped/ })
    .first()
    .click()
  await expect(list.getByRole('button', { name: 'Copy Report' })).toBeVisible()
  await lookAt(page, 'activity')
  await floe.picture('activity')
  await list.getByRole('button', { name: /^Dismiss/ }).click()
  await expect(list).toContainText('Dismissed')
  await expect(page.getByText('No open problems')).toBeVisible()
})

test('a destination that fills, is read-only or missing is told, and the guest goes on', async () => {
  await using world = openWorld()
  using small = volume('ext4', 80)
  const machine = await world.machine('debian-dev', { disks: [await world.disk('vda', 'debian.qcow2', 60)], run: true })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', small.path, '--name', 'Small')
  await machineRow(page, 'debian-dev').click()
  await startLimited(page)
  // What runs is above what has ended.
  const card = page.getByRole('group', { name: 'Backup of debian-dev' }).first()
  await expect(card).toContainText(/MB copied/)
  writeFileSync(join(small.path, 'other'), Buffer.alloc(1))
  const filler = join(small.path, 'filler')
  fill(filler)
  await expect(cards(page).first()).toContainText('Small is full', { timeout: 60_000 })
  await floe.picture('full')
  await lookAt(page, 'full destination')
  await until(async () => (await machine.monitor.command<{ running: boolean }>('query-status')).running, 'the guest')
  rmSync(filler)
  // There is room again: it goes on by itself.
  await expect(cards(page).first()).toContainText(/Backed up( in|, not frozen)/, { timeout: 120_000 })

  await page.keyboard.press('Control+Shift+n')
  const sheet = page.getByTestId('sheet-add-destination')
  await sheet.getByText('Another folder').click()
  const path = page.getByTestId('destination-path')
  await path.fill(join(world.folder, 'nowhere'))
  await page.getByTestId('add-destination-confirm').click()
  await expect(sheet.locator('[data-testid^="banner-"]')).toBeVisible()
  await lookAt(page, 'add destination, refused')
  await floe.picture('no-folder')
  small.remount('ro')
  await path.fill(join(small.path, 'inside'))
  await page.getByTestId('add-destination-confirm').click()
  await expect(sheet.locator('[data-testid^="banner-"]')).toBeVisible()
  await floe.picture('read-only')
  await page.keyboard.press('Escape')
  await page.getByRole('treeitem', { name: /^Small/ }).click()
  await expect(page.getByRole('main')).toContainText(/read-only/i)
  await lookAt(page, 'read-only destination')
  await floe.stopHost()
})

/** Writes until there is no space left. */
function fill(path: string): void {
  const block = Buffer.alloc(1 << 20, 1)
  for (let megabytes = 0; megabytes < 4096; megabytes += 1) {
    try {
      writeFileSync(path, block, { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
  }
  throw new Error(`${path} did not fill its volume`)
}

async function startLimited(page: Page): Promise<void> {
  await page.getByTestId('back-up-now-menu').click()
  await page.getByRole('menuitem', { name: /With Options/ }).click()
  const options = page.getByTestId('sheet-back-up-options')
  // All of it, so that there is something to copy after the first one.
  const full = options.getByRole('radio', { name: /^Full, about/ })
  await expect(full).toBeAttached()
  if (await full.isEnabled()) await options.getByText(/^Full, about/).click()
  await page.getByTestId('more-options').click()
  await options.getByRole('button', { name: /Speed limit/ }).click()
  await page.getByRole('option', { name: /10(\.0)?\sMB\/s/ }).click()
  await page.getByTestId('back-up').click()
  await expect(options).toBeHidden()
}
