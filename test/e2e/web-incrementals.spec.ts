// Incrementals in the window, on a real machine: said before the click, listed as a chain, pinned, pruned, deleted from
// the middle; every point that stays restores what it showed.
import { join } from 'node:path'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { run } from '../support/run.ts'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

const mib = 2 ** 20
const points = (page: Page): Locator => page.getByTestId('points').locator('[data-testid^="point-"]')

async function backUpNow(page: Page, count: number): Promise<void> {
  await page.getByTestId('back-up-now').click()
  await expect(points(page)).toHaveCount(count, { timeout: 60_000 })
  await expect(page.getByTestId('back-up-now')).toHaveText('Back Up Now', { timeout: 60_000 })
}

test('incrementals are announced, form a chain, and are pinned, pruned and deleted from its middle', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const disk = await world.disk('vda', 'debian.qcow2', 32)
  const machine = await world.machine('debian-dev', { disks: [disk] })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  await page.getByRole('treeitem', { name: /^debian-dev/ }).click()
  const strip = page.getByTestId('status-strip')
  await expect(strip).toContainText(/Full, 3\d\.\d\sMB/)
  await backUpNow(page, 1)

  await machine.write('vda', 2 * mib, mib, 11)
  await expect(strip).toContainText('Incremental', { timeout: 60_000 })
  await expect(page.getByTestId('next-backup')).toContainText('The next backup is incremental.')
  await floe.picture('announced')
  await backUpNow(page, 2)
  await machine.write('vda', 9 * mib, mib, 12)
  await backUpNow(page, 3)
  await expect(points(page).first()).toContainText('Incremental')
  await expect(points(page).first()).toContainText(/1\.\d\d\sMB/)
  await expect(points(page).last()).toContainText('Full')
  await points(page).first().click()
  await expect(page.getByTestId('point-kind')).toContainText('Incremental · By change tracking')
  await lookAt(page, 'incrementals')
  await floe.picture('incrementals')

  await points(page).last().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Pin' }).click()
  await expect(points(page).last().getByRole('img', { name: 'Pinned' })).toBeVisible()

  await page.getByTestId('retention').click()
  const retention = page.getByTestId('sheet-retention')
  for (const part of ['daily', 'weekly', 'monthly']) await retention.getByTestId(`keep-${part}`).fill('0')
  await retention.getByTestId('keep-last').fill('1')
  await expect(retention.getByTestId('prune-summary')).toContainText('2 kept · 1 goes now')
  await retention.locator('[data-fate="goes"]').hover()
  await expect(retention.getByTestId('prune-rule')).toContainText('Goes: ')
  await lookAt(page, 'retention')
  await floe.picture('retention')
  await retention.getByTestId('save-retention').click()
  await expect(retention.getByTestId('save-retention')).toHaveText('Saved')
  await retention.getByTestId('prune').click()
  await page
    .getByTestId('sheet-prune')
    .getByRole('button', { name: /^Delete Point/ })
    .click()
  await expect(points(page)).toHaveCount(2, { timeout: 60_000 })

  // What is left of the newest is the disk as it is now.
  const [listed] = (await world.floe('points', 'debian-dev')) as { id: string }[][]
  const folder = world.place('restored')
  await world.floe('restore', listed?.[0]?.id ?? '', '--to', folder)
  const bytes = await run(
    'qemu-io',
    '-r',
    '-f',
    'qcow2',
    '-c',
    'read -P 12 9M 1M',
    '-c',
    'read -P 11 2M 1M',
    await imageIn(folder),
  )
  expect(bytes).not.toContain('verification failed')
})

async function imageIn(folder: string): Promise<string> {
  const found = await run('find', folder, '-name', '*.qcow2')
  return join(found.trim().split('\n')[0] ?? '')
}
