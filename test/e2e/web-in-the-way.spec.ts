// What stands in the way of a backup, told in the options sheet before the click, and waited for after it.
import { renameSync } from 'node:fs'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

const machineRow = (page: Page): Locator => page.getByRole('navigation').getByRole('treeitem', { name: /^debian-dev/ })
const pointRows = (page: Page): Locator => page.getByTestId('points').locator('[data-testid^="point-"]')

test('a backup to a drive that is away starts when the drive is back', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  await world.machine('debian-dev', { disks: [await world.disk('vda', 'system.qcow2', 8)], run: true })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  const placeRow = page.getByRole('treeitem', { name: /^Backups/ })
  await expect(placeRow).toBeVisible()
  renameSync(place, `${place}.away`)
  await expect(placeRow).toContainText('Offline', { timeout: 60_000 })
  await machineRow(page).click()
  await page.keyboard.press('Control+Alt+b')
  const options = page.getByTestId('sheet-back-up-options')
  await expect(page.getByTestId('banner-destination/missing')).toContainText('Backups isn’t connected')
  await expect(page.getByTestId('back-up')).toHaveText('Start When Connected')
  await lookAt(page, 'options with a drive that is away')
  await floe.picture('away')
  await page.getByTestId('back-up').click()
  await expect(options).toBeHidden()
  await expect(machineRow(page)).toContainText('Waiting')
  await placeRow.click()
  await expect(page.getByRole('main')).toContainText('1 backup is waiting')
  renameSync(`${place}.away`, place)
  await machineRow(page).click()
  await expect(pointRows(page)).toHaveCount(1, { timeout: 90_000 })
})

test('a disk with another job on it can be left out, or waited for', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const disks = [await world.disk('vda', 'system.qcow2', 8), await world.disk('vdb', 'data.qcow2', 8)]
  const machine = await world.machine('debian-dev', { disks, run: true })
  const target = { driver: 'null-co', 'node-name': 'elsewhere', size: 256 * 1024 * 1024, 'read-zeroes': true }
  await machine.monitor.command('blockdev-add', target)
  const mirror = { 'job-id': 'copy', device: 'n-vdb', target: 'elsewhere', sync: 'full' }
  await machine.monitor.command('blockdev-mirror', mirror)
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  await expect(page.getByRole('treeitem', { name: /^Backups/ })).toBeVisible()
  await machineRow(page).click()
  await page.keyboard.press('Control+Alt+b')
  const banner = page.getByTestId('banner-backup/job-clash')
  await expect(banner).toContainText('Another job is using n-vdb')
  await expect(page.getByTestId('back-up')).toHaveText('Start When Done')
  await lookAt(page, 'options with a disk in use')
  await floe.picture('in-use')
  await banner.getByRole('button', { name: 'Leave Out' }).click()
  await expect(banner).toBeHidden()
  await expect(page.getByTestId('back-up')).toHaveText('Back Up')
  await page.getByRole('checkbox', { name: /data\.qcow2/ }).focus()
  await page.keyboard.press('Space')
  await expect(page.getByTestId('back-up')).toHaveText('Start When Done')
  await page.getByTestId('back-up').click()
  await expect(machineRow(page)).toContainText('Waiting')
  await machine.monitor.command('block-job-cancel', { device: 'copy' })
  await expect(pointRows(page)).toHaveCount(1, { timeout: 90_000 })
})
