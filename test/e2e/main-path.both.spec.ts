import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { demoCounter, openFloe } from './support/floe-window.ts'

let folder: string
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fe-'))
  mkdirSync(join(folder, 'Backups'))
})
test.afterEach(() => {
  // The demo machine outlives Floe on purpose; a test that failed halfway must not leave it running.
  const pidFile = join(folder, 'home', 'demo', 'qemu.pid')
  if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('a new user turns back time: demo, destination, backup, restore, undo', async () => {
  await using floe = await openFloe(join(folder, 'home'), test.info())
  const { page } = floe
  const side = page.getByRole('navigation')

  await expect(page.getByRole('heading', { name: 'No running QEMU machine found' })).toBeVisible()
  await expect(page.getByTestId('checked')).toContainText('Checked')
  await floe.picture('first-launch')

  await page.getByTestId('demo-start').first().click()
  await expect.poll(() => demoCounter(page), { timeout: 60_000 }).toBeGreaterThan(3)
  await floe.picture('demo-counts')

  await page.getByTestId('side-add-destination').click()
  const place = page.getByRole('dialog')
  await place.getByText('Another folder').click()
  await page.getByTestId('destination-path').fill(join(folder, 'Backups'))
  await floe.picture('add-destination')
  await page.getByTestId('add-destination-confirm').click()
  await expect(place).toBeHidden()
  await expect(side.getByText('Backups')).toBeVisible()

  await page.getByTestId('demo-show').click()
  await expect(page.getByTestId('status-strip')).toBeVisible()
  await floe.picture('machine')
  await page.getByTestId('back-up-now-menu').click()
  await page.getByRole('menuitem', { name: /With Options/ }).click()
  const options = page.getByTestId('sheet-back-up-options')
  await page.getByTestId('more-options').click()
  await options.getByRole('button', { name: /Speed limit/ }).click()
  await page.getByRole('option', { name: /10(\.0)?\sMB\/s/ }).click()
  await floe.picture('options')
  await page.getByTestId('back-up').click()
  const card = page.locator('[data-testid^="job-"]').first()
  await expect(card).toContainText('Full backup to Backups')
  await expect(card.getByRole('progressbar').first()).toHaveAttribute('aria-valuetext', /[1-9]\d? percent/)
  await floe.picture('backing-up')
  const point = page.getByTestId('points').locator('[data-testid^="point-"]').first()
  await expect(point).toBeVisible({ timeout: 90_000 })
  await expect(page.getByText(/Backed up( in|, not frozen)/)).toBeVisible({ timeout: 90_000 })
  await floe.picture('backed-up')

  await side.getByTestId('side-overview').click()
  const atBackup = await demoCounter(page)
  await expect.poll(() => demoCounter(page), { timeout: 60_000 }).toBeGreaterThan(atBackup + 15)
  await page.getByTestId('demo-stop').click()
  await expect(page.getByTestId('demo-panel')).toContainText('This is the number on its disk', { timeout: 30_000 })
  const atStop = await demoCounter(page)

  await page.getByTestId('demo-show').click()
  await point.click()
  await floe.picture('point-selected')
  await page.getByTestId('restore-point').click()
  await expect(page.getByTestId('sheet-restore')).toBeVisible()
  await expect(page.getByTestId('preflight-machine-off')).toContainText('is off')
  await expect(page.getByTestId('restore-now')).toBeEnabled({ timeout: 30_000 })
  await floe.picture('restore-preflight')
  await page.getByTestId('restore-now').click()
  await expect(page.getByRole('button', { name: 'Undo Restore…' })).toBeVisible({ timeout: 90_000 })
  await floe.picture('restored')
  await page.getByRole('button', { name: 'Done', exact: true }).click()

  await side.getByTestId('side-overview').click()
  await expect.poll(() => demoCounter(page), { timeout: 30_000 }).toBeLessThanOrEqual(atBackup + 5)
  await floe.picture('time-turned-back')
  await page.getByTestId('demo-start').first().click()
  await expect(page.getByTestId('demo-panel')).toContainText('Running', { timeout: 60_000 })
  await page.getByTestId('demo-stop').click()
  await expect(page.getByTestId('demo-panel')).toContainText('This is the number on its disk', { timeout: 30_000 })
  expect(await demoCounter(page), 'it counts on from the restored number').toBeLessThan(atStop)

  await page.getByTestId('demo-show').click()
  await page.getByRole('complementary').locator('label', { hasText: 'Machine' }).click()
  await page.getByRole('button', { name: /^Undo the restore of/ }).click()
  await expect(page.getByTestId('undo-now')).toBeEnabled({ timeout: 30_000 })
  await floe.picture('undo-preflight')
  await page.getByTestId('undo-now').click()
  await expect(page.getByRole('button', { name: 'Done', exact: true })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Done', exact: true }).click()
  await side.getByTestId('side-overview').click()
  await expect.poll(() => demoCounter(page), { timeout: 30_000 }).toBe(atStop)

  await side.getByTestId('side-activity').click()
  await floe.picture('activity')
  await side.getByTestId('side-overview').click()
  await page.getByTestId('demo-remove').click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /Remove/ })
    .click()
  await expect(page.getByTestId('demo-panel')).toBeHidden({ timeout: 30_000 })
})
