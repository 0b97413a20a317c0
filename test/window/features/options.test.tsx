import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import type { FakeBridge } from '../support/fake-bridge.ts'
import { ago, destination, disk, diskId, jobId, machine, machineId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const id = machineId('debian-dev')
const t7 = destination('Samsung T7')
const ready = { kind: 'ready', answeredAt: ago(0.04), version: '7.2.22', canFreeze: true } as const
const none = { kind: 'none', options: '-chardev socket,id=agent0 -device virtio-serial' } as const

const preview = (change: Partial<BackupPreview> = {}): BackupPreview => ({
  machineId: id,
  destinationId: t7.id,
  kind: 'full',
  kindReason: 'Every backup is a full one.',
  way: 'fleecing',
  wayReason: 'The guest’s old data is set aside.',
  freeze: { wanted: true, reason: null },
  scratch: { folder: '/home/ann/.floe/scratch', expectedBytes: 256e6, limitBytes: 1e9, freeBytes: 40e9 },
  obstacle: null,
  disks: [
    { diskId: diskId('vda'), included: true, bytesToCopy: 38.4e9, reason: null },
    { diskId: diskId('vdb'), included: true, bytesToCopy: 8e9, reason: null },
  ],
  bytesToCopy: 46.4e9,
  freeBytes: 412e9,
  enoughSpace: true,
  ...change,
})

const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  code,
  message: 'This is in the way.',
  params,
  severity: 'error',
  remedy: null,
  causes: [],
})

interface Given {
  readonly machine?: Partial<Machine>
  readonly settings?: Partial<Settings>
  readonly leaveOut?: DiskId
  readonly destinations?: readonly ReturnType<typeof destination>[]
}

async function open(answer: BackupPreview | Problem, given: Given = {}) {
  const cd = disk('cd0', { exclusion: 'read-only' })
  const bridge: FakeBridge = sceneBridge({
    machine: { agent: ready, disks: [disk('vda'), disk('vdb'), cd], ...given.machine },
    settings: { destinationByMachine: {}, ...given.settings },
    ...(given.destinations === undefined ? {} : { destinations: given.destinations }),
  })
  let current = answer
  bridge.answer('backup.preview', () =>
    'code' in current ? { ok: false, problem: current } : { ok: true, value: current },
  )
  bridge.answer('backup.start', () => ({ ok: true, value: { jobId: jobId('j1') } }))
  bridge.answer('settings.set', () => ({ ok: false, problem: problem('system/home-unwritable') }))
  const rendered = openMachine(bridge)
  await screen.findByTestId('points')
  const leaveOut = given.leaveOut === undefined ? {} : { leaveOut: given.leaveOut }
  act(() => rendered.state.ui.openSheet({ kind: 'back-up-options', machineId: id, ...leaveOut }))
  const sheet = await screen.findByTestId('sheet-back-up-options')
  await waitFor(() => expect(sheet.textContent).not.toContain('Looking at the disks'))
  return { ...rendered, bridge, sheet, become: (next: BackupPreview | Problem) => (current = next) }
}

const off = (element: HTMLElement) => element.getAttribute('aria-disabled') === 'true'

describe('the options sheet', () => {
  it('shows kind, size, way, scratch room and reasons before the click', async () => {
    const { sheet } = await open(preview())
    for (const words of [
      'Full, about 46.4\u00a0GB',
      'Every backup is a full one.',
      'Through a scratch image',
      'The guest’s old data is set aside.',
      'It may need about 256\u00a0MB in ~/.floe/scratch; 40.0\u00a0GB free.',
      'The guest agent answered 2 minutes ago',
      'Read-only, not needed',
    ]) {
      expect(sheet.textContent).toContain(words)
    }
  })

  it('says what a disk left out means, and starts with what was chosen', async () => {
    const { user, bridge, sheet } = await open(preview())
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    expect(screen.getByText('vdb will not be in this restore point.')).toBeTruthy()
    await user.click(screen.getByRole('checkbox', { name: /^Freeze filesystems/ }))
    expect(screen.getByTestId('require-freeze').querySelector('input')?.disabled).toBe(true)
    await user.click(screen.getByTestId('more-options'))
    await user.click(screen.getByRole('checkbox', { name: /^Check the copy/ }))
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(sheet.textContent).toContain("floe backup debian-dev --to 'Samsung T7' --disk vda --no-check --no-freeze")
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      {
        machineId: id,
        destinationId: t7.id,
        diskIds: ['vda'],
        limit: null,
        check: false,
        freeze: false,
        requireFreeze: false,
        whenPossible: false,
      },
    ])
    await waitFor(() => expect(screen.queryByTestId('sheet-back-up-options')).toBeNull())
  })

  it('asks anew what would be done when a choice changes', async () => {
    const { user, bridge } = await open(preview())
    await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
    expect(inputsOf(bridge, 'backup.preview').at(-1)).toEqual({
      machineId: id,
      destinationId: t7.id,
      diskIds: null,
      freeze: true,
      requireFreeze: true,
    })
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByText(/--require-freeze$/)).toBeTruthy()
  })

  it('can be used by keyboard alone, from the first field on', async () => {
    const { user, bridge } = await open(preview())
    screen.getByRole('button', { name: /Destination/ }).focus()
    await user.tab()
    expect(document.activeElement?.closest('[data-testid="disk-vda"]')).not.toBeNull()
    await user.keyboard(' ')
    await user.tab()
    await user.tab()
    await user.keyboard(' ')
    screen.getByTestId('back-up').focus()
    await user.keyboard('{Enter}')
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ diskIds: ['vdb'], freeze: false }])
  })

  it('opens with a disk left out where a problem led here', async () => {
    await open(preview(), { leaveOut: diskId('vdb') })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vda/ }).checked).toBe(true)
  })

  it('refuses to start without enough space, with both numbers', async () => {
    const { user, bridge } = await open(preview({ enoughSpace: false, freeBytes: 12_000_000 }))
    expect(screen.getByText('This backup needs about 46.4 GB; 12.0 MB is free.')).toBeTruthy()
    expect(off(screen.getByTestId('back-up'))).toBe(true)
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([])
  })

  it('stays open with the reason when the start is refused', async () => {
    const { user, bridge } = await open(preview())
    bridge.answer('backup.start', () => ({ ok: false, problem: problem('backup/running-already') }))
    await user.click(screen.getByTestId('back-up'))
    expect((await screen.findByTestId('banner-backup/running-already')).textContent).toContain('This is in the way.')
  })
})

describe('freezing in the options sheet', () => {
  it('is off with its reason where there is no channel, and the set-up is one click away and back', async () => {
    const { user, bridge, sheet } = await open(preview({ freeze: { wanted: false, reason: 'No channel.' } }), {
      machine: { agent: none },
    })
    const freeze = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze filesystems/ })
    expect([freeze.checked, freeze.disabled]).toEqual([false, true])
    expect(sheet.textContent).toContain('this machine has no channel to a guest agent')
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    await user.click(screen.getByTestId('options-set-up'))
    const setUp = await screen.findByTestId('sheet-set-up-agent')
    await user.click(within(setUp).getByRole('button', { name: 'Back' }))
    await screen.findByTestId('sheet-back-up-options')
    expect(document.activeElement?.textContent).toBe('Set Up Agent…')
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    await user.click(screen.getByTestId('back-up'))
    // Not "switched off": the restore point tells the true reason.
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ freeze: true, requireFreeze: false, diskIds: ['vda'] }])
  })

  it('becomes possible when the agent answers, without a click', async () => {
    const { bridge } = await open(preview(), { machine: { agent: none } })
    act(() => bridge.push('machines', [machine('debian-dev', { agent: ready, disks: [disk('vda')] })]))
    const freeze = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze filesystems/ })
    expect([freeze.checked, freeze.disabled]).toEqual([true, false])
  })

  it('is tried with an agent that is silent, and says so', async () => {
    const { sheet } = await open(preview(), { machine: { agent: { kind: 'silent', since: ago(0.1) } } })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze filesystems/ }).disabled).toBe(false)
    expect(sheet.textContent).toContain('hasn’t answered for 6 minutes. Floe tries, and goes on without freezing')
    expect(screen.getByTestId('options-set-up')).toBeTruthy()
  })

  it('that is required and not possible keeps the backup from starting until it is turned off', async () => {
    const { user, become } = await open(problem('backup/freeze-required'), {
      machine: { agent: none },
      settings: { requireFreeze: true },
    })
    expect(screen.getByText(/“Require freeze” is on, and debian-dev can’t be frozen/)).toBeTruthy()
    expect(off(screen.getByTestId('back-up'))).toBe(true)
    become(preview())
    await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
    await waitFor(() => expect(off(screen.getByTestId('back-up'))).toBe(false))
  })

  it('is not needed for a machine that is off', async () => {
    const { sheet } = await open(preview({ way: 'offline', scratch: null }), {
      machine: { state: { kind: 'off', since: null }, agent: { kind: 'unknown' } },
    })
    expect(sheet.textContent).toContain('Not needed: the machine is off')
    expect(screen.queryByTestId('require-freeze')).toBeNull()
    expect(screen.queryByTestId('option-scratch')).toBeNull()
  })
})

describe('what is in the way of a backup', () => {
  it('is named, and the button waits for it', async () => {
    const clash = problem('backup/job-clash', { disk: 'vdb', machine: 'debian-dev' })
    const { user, bridge } = await open(preview({ obstacle: clash }))
    expect(screen.getByTestId('banner-backup/job-clash').textContent).toContain('Another job is using vdb')
    expect(screen.getByTestId('back-up').textContent).toBe('Start When Done')
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByText(/--when-possible$/)).toBeTruthy()
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ whenPossible: true }])
  })

  it('can be left out when it is a disk', async () => {
    const { user } = await open(preview({ obstacle: problem('backup/job-clash', { disk: 'vdb' }) }))
    await user.click(screen.getByRole('button', { name: 'Leave Out' }))
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
  })

  it('can be an absent drive, also where the host can’t tell more about the backup', async () => {
    const away = destination('Samsung T7', { state: { kind: 'absent', lastSeenAt: null }, freeBytes: null })
    await open(problem('destination/missing'), { destinations: [away] })
    expect(screen.getByTestId('banner-destination/missing').textContent).toContain('Samsung T7 isn’t connected')
    expect(screen.getByTestId('back-up').textContent).toBe('Start When Connected')
    expect(off(screen.getByTestId('back-up'))).toBe(false)
  })
})

describe('the saved choices', () => {
  it('are the destination, disks, freezing, limit and check of this machine; others’ stay', async () => {
    const other = { diskIds: null, freeze: null, limit: null, check: true }
    const { user, bridge } = await open(preview(), { settings: { backupByMachine: { other } } })
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    await user.click(screen.getByRole('checkbox', { name: /^Freeze filesystems/ }))
    await user.click(screen.getByRole('button', { name: 'Save as Default' }))
    expect(inputsOf(bridge, 'settings.set')).toEqual([
      {
        destinationByMachine: { [id]: t7.id },
        backupByMachine: {
          other,
          [id]: { diskIds: ['vda'], freeze: false, requireFreeze: null, limit: null, check: true },
        },
      },
    ])
    expect(await screen.findByTestId('banner-system/home-unwritable')).toBeTruthy()
  })

  it('are what the sheet opens with, and then there is nothing to save', async () => {
    const saved = { diskIds: ['vda'], freeze: false, limit: 50_000_000, check: false }
    await open(preview(), {
      settings: { destinationByMachine: { [id]: t7.id }, backupByMachine: { [id]: saved } },
    })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze filesystems/ }).checked).toBe(false)
    expect(screen.getByTestId('more-options').textContent).toContain('At most 50.0\u00a0MB/s, not checked')
    expect(off(screen.getByRole('button', { name: 'Saved as Default' }))).toBe(true)
  })
})
