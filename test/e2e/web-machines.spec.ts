// Machines that come, go and cannot be reached, and what the window says about them.
import { expect, test } from '@playwright/test'
import { RawQmp } from '../support/raw-qmp.ts'
import { until } from '../support/run.ts'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

test('machines appear and go by themselves, and unreachable ones say why', async () => {
  await using world = openWorld()
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  const side = page.getByRole('navigation')
  await expect(page.getByRole('heading', { name: 'No running QEMU machine found' })).toBeVisible()
  await lookAt(page, 'first launch')

  const debian = await world.machine('debian-dev', { disks: [await world.disk('vda', 'debian.qcow2', 16)] })
  const row = side.getByRole('treeitem', { name: /^debian-dev/ })
  await expect(row).toBeVisible({ timeout: 6000 })
  await expect(row).not.toHaveAccessibleName(/, off/)
  await lookAt(page, 'overview with a machine')
  await row.click()
  await expect(page.getByTestId('status-strip')).toBeVisible()
  await expect(page.getByTestId('back-up-now')).toBeEnabled()
  await lookAt(page, 'machine without restore points')

  const socket = `${world.folder}/held.qmp`
  await world.bareMachine('held', socket)
  // The socket has its name a moment before it takes connections.
  const holder = await until(() => RawQmp.connect(socket).catch(() => null), 'the socket to be held')
  const heldRow = side.getByRole('treeitem', { name: /^held/ })
  await expect(heldRow).toBeVisible()
  await heldRow.click()
  const busy = page.getByTestId('banner-busy')
  await expect(busy).toContainText('held is busy with another program')
  await expect(busy, 'the program that holds the socket').toContainText(`(pid ${process.pid})`)
  await lookAt(page, 'busy machine')
  await floe.picture('busy')
  await expect(row, 'others go on').not.toHaveAccessibleName(/, off/)
  holder.close()
  await busy.getByRole('button', { name: 'Try Again' }).click()
  await expect(busy).toBeHidden({ timeout: 10_000 })

  await world.bareMachine('bare')
  const bareRow = side.getByRole('treeitem', { name: /^bare/ })
  await expect(bareRow).toBeVisible({ timeout: 6000 })
  await bareRow.click()
  const noSocket = page.getByTestId('banner-no-socket')
  await expect(noSocket).toContainText('bare was started without a QMP socket')
  await expect(noSocket.locator('code').first(), 'the option to add').toContainText('-qmp unix:')
  await expect(page.getByTestId('back-up-now')).toHaveAttribute('aria-disabled', 'true')
  await lookAt(page, 'machine without a socket')
  await floe.picture('no-socket')

  await debian.kill()
  await expect(row).toHaveAccessibleName(/, off/, { timeout: 2000 })
  await row.click()
  await expect(page.getByRole('main')).toContainText(/Off/)
  await floe.picture('off')
})

test('adding a machine by its socket says what is wrong and how to mend it', async () => {
  await using world = openWorld()
  const machine = await world.machine('ubuntu-ci', { disks: [await world.disk('vda', 'ubuntu.qcow2', 1)] })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  const sheet = page.getByTestId('sheet-add-machine')
  await page.keyboard.press('Control+n')
  await expect(sheet).toBeVisible()
  await lookAt(page, 'add machine, found')
  await sheet.getByText('By Socket').click()
  await page.getByTestId('socket-path').fill(`${world.folder}/nothing.sock`)
  const path = page.getByTestId('probe-path')
  await expect(path).toContainText(/There is no|no file|not exist|nothing/i)
  await expect(page.getByTestId('add-machine-confirm')).toBeDisabled()
  await lookAt(page, 'add machine, failing socket')
  await floe.picture('failing-socket')
  await page.getByTestId('socket-path').fill(machine.qmpPath)
  await expect(page.getByTestId('probe-qmp')).toContainText('QEMU', { timeout: 10_000 })
  await page.getByTestId('add-machine-confirm').click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('treeitem', { name: /^ubuntu-ci/ })).toHaveCount(1)
  await page.keyboard.press('Control+n')
  await sheet.getByText('By Start Command').click()
  await sheet.getByRole('textbox').first().fill('qemu-system-x86_64 -m 512 -drive file=a.qcow2')
  await expect(sheet).toContainText('-qmp')
  await lookAt(page, 'add machine, start command')
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('settings apply at once and stay; a stopped host is told', async () => {
  await using world = openWorld()
  await world.machine('debian-dev', { disks: [await world.disk('vda', 'debian.qcow2', 16)] })
  const place = world.place('Backups')
  const floe = await openFloe(world.home, test.info())
  const { page } = floe
  try {
    await world.floe('destination', 'add', place)
    await page.getByRole('treeitem', { name: /^Backups/ }).click()
    await expect(page.getByRole('heading', { name: 'Backups', level: 1 })).toBeVisible()
    await expect(page.getByRole('main')).toContainText(/\sGB/)
    await lookAt(page, 'destination')
    await page.keyboard.press('Control+,')
    const settings = page.getByTestId('sheet-settings')
    await settings.getByText('Dark', { exact: true }).click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await settings.getByText('GiB', { exact: true }).click()
    await expect(settings).toContainText('1,073,741,824')
    await lookAt(page, 'settings')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('main')).toContainText(/\sGiB/)
    await page.reload()
    await expect(page.getByRole('heading', { name: 'Backups', level: 1 }), 'the page stays').toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await expect(page.getByRole('main')).toContainText(/\sGiB/)
  } finally {
    await floe.stopHost()
    await expect(page.getByTestId('banner-connection-lost')).toBeVisible()
    await lookAt(page, 'connection lost')
    await floe[Symbol.asyncDispose]()
  }
})
