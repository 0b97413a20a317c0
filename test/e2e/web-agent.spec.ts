// A machine and its guest agent in the window: missing, silent, answering; and what the choices of one backup become.
import { join } from 'node:path'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { fakeAgent } from '../support/fake-agent.ts'
import { openFloe } from './support/floe-window.ts'
import { lookAt } from './support/look.ts'
import { openWorld } from './support/world.ts'

interface RecordedPoint {
  readonly consistency: string
  readonly consistencyReason: string | null
  readonly disks: readonly { readonly id: string }[]
}

const machineRow = (page: Page, name: string): Locator =>
  page.getByRole('navigation').getByRole('treeitem', { name: new RegExp(`^${name}`) })
const freezeBox = (page: Page): Locator => page.getByRole('checkbox', { name: /^Freeze file systems/ })

/** Newest first. */
async function pointsOf(world: ReturnType<typeof openWorld>, name: string): Promise<readonly RecordedPoint[]> {
  return (await world.floe('points', name)).flat() as RecordedPoint[]
}

test('without an agent the reason is told before the click, the set-up is there, and the point says what it is', async () => {
  await using world = openWorld()
  const place = world.place('Backups')
  const disks = [await world.disk('vda', 'system.qcow2', 24), await world.disk('vdb', 'data.qcow2', 8)]
  await world.machine('debian-dev', { disks, run: true })
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await world.floe('destination', 'add', place)
  await expect(page.getByRole('treeitem', { name: /^Backups/ })).toBeVisible()
  await machineRow(page, 'debian-dev').click()
  await page.keyboard.press('Control+Alt+b')
  const options = page.getByTestId('sheet-back-up-options')
  await expect(options).toContainText(/Full, about \d\d(\.\d)?\sMB/)
  await expect(options.getByRole('button', { name: /Destination/ }), 'the first field').toBeFocused()
  await expect(page.getByTestId('option-way')).toContainText('Through a scratch image')
  await expect(page.getByTestId('option-scratch')).toContainText(/may need about .* free/)
  await expect(page.getByTestId('option-freeze')).toContainText('this machine has no channel to a guest agent')
  await expect(freezeBox(page)).toBeDisabled()
  await expect(freezeBox(page)).not.toBeChecked()
  await lookAt(page, 'options without an agent')
  await floe.picture('options')

  await page.getByTestId('options-set-up').focus()
  await page.keyboard.press('Enter')
  const setUp = page.getByTestId('sheet-set-up-agent')
  await expect(setUp.locator('pre').first()).toContainText('path=$HOME/.qmp/debian-dev-agent.sock')
  await lookAt(page, 'set up agent')
  await floe.picture('set-up')
  await page.keyboard.press('Escape')
  await expect(setUp).toBeHidden()
  await expect(page.getByTestId('options-set-up'), 'the focus is where it was').toBeFocused()

  const data = options.getByRole('checkbox', { name: /data\.qcow2/ })
  await data.focus()
  await page.keyboard.press('Space')
  await expect(options).toContainText('n-vdb will not be in this restore point.')
  await options.getByRole('button', { name: 'Show Command' }).click()
  await expect(options.locator('pre')).toHaveText('floe backup debian-dev --to Backups --disk n-vda')
  await options.getByRole('button', { name: 'Save as Default' }).click()
  await expect(options.getByRole('button', { name: 'Saved as Default' })).toBeVisible()
  await page.getByTestId('back-up').click()
  await expect(page.getByText('Backed up, not frozen')).toBeVisible({ timeout: 60_000 })
  const row = page.getByTestId('points').locator('[data-testid^="point-"]').first()
  await expect(row).toContainText('Crash-consistent')
  await row.click()
  await expect(page.getByTestId('inspector')).toContainText('no channel to a guest agent')
  const [first] = await pointsOf(world, 'debian-dev')
  expect(first?.consistency).toBe('crash-consistent')
  expect(first?.consistencyReason).toContain('no channel to a guest agent')
  expect(first?.disks.map((disk) => disk.id)).toEqual(['n-vda'])

  // What was saved is what one click does.
  await page.getByTestId('back-up-now').click()
  await expect.poll(async () => (await pointsOf(world, 'debian-dev')).length, { timeout: 60_000 }).toBe(2)
  const points = await pointsOf(world, 'debian-dev')
  expect(points.map(({ disks: copied }) => copied.map((disk) => disk.id))).toEqual([['n-vda'], ['n-vda']])
})

test('an agent that is silent is said to be, and the set-up follows it until it answers', async () => {
  await using world = openWorld()
  const channel = join(world.folder, 'channel.sock')
  await world.machine('debian-dev', {
    disks: [await world.disk('vda', 'system.qcow2', 8)],
    run: true,
    args: [
      '-chardev',
      `socket,path=${channel},server=on,wait=off,id=agent0`,
      '-device',
      'virtio-serial',
      '-device',
      'virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
    ],
  })
  await using agent = await fakeAgent()
  const commands = ['guest-ping', 'guest-info', 'guest-fsfreeze-freeze', 'guest-fsfreeze-thaw']
  const info = { version: '8.0', supported_commands: commands.map((name) => ({ name, enabled: true })) }
  agent.instead.set('guest-info', () => ({ return: info }))
  await using floe = await openFloe(world.home, test.info())
  const { page } = floe
  await machineRow(page, 'debian-dev').click()
  await expect(page.getByRole('main')).toContainText('Running for', { timeout: 30_000 })
  await expect(page.getByTestId('readiness')).toContainText('Guest agent doesn’t answer', { timeout: 30_000 })
  await page.getByTestId('set-up-agent').click()
  const setUp = page.getByTestId('sheet-set-up-agent')
  await expect(setUp).toContainText(channel)
  await page.getByTestId('agent-test').click()
  await expect(page.getByTestId('agent-answer')).toContainText('The guest agent doesn’t answer')
  await lookAt(page, 'silent agent')
  await floe.picture('silent')

  await page.getByTestId('agent-socket').fill(join(world.folder, 'nothing.sock'))
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('agent-answer')).toContainText('The guest agent can’t be reached')
  await page.getByTestId('agent-socket').fill(agent.path)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('agent-answer')).toContainText('The guest agent is ready')
  await expect(page.getByTestId('banner-agent-ready')).toContainText('It can freeze')
  await lookAt(page, 'agent that answers')
  await floe.picture('ready')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('readiness')).toContainText('Guest agent ready')
})
