import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../../shared/domain/job.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { ago, destination, diskId, fullProblem, job, jobId, machineId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const ok = () => ({ ok: true, value: {} }) as const
const calls = ['jobs.pause', 'jobs.resume', 'jobs.cancel'] as const
const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  ...fullProblem,
  code,
  params,
  causes: [],
})
const freeze = { heldMs: 84, confirmedAfterMs: 41, fileSystems: [{ mountpoint: '/', type: 'ext4' }] }

async function openCard(change: Partial<Job>) {
  const bridge = sceneBridge({ jobs: [job('j1', 'debian-dev', change)] })
  for (const name of calls) bridge.answer(name, ok)
  bridge.answer('backup.start', () => ({ ok: true, value: { jobId: jobId('j2') } }))
  const rendered = openMachine(bridge)
  const element = await screen.findByTestId(`job-${jobId('j1')}`)
  const buttons = () =>
    within(element)
      .queryAllByRole('button')
      .map((button) => button.textContent)
  return { ...rendered, bridge, card: within(element), element, buttons }
}

const waiting = (reason: 'destination' | 'disk-job' | 'monitor' | 'machine', what: Problem): Partial<Job> => ({
  state: { kind: 'waiting', for: reason, problem: what },
  startedAt: null,
  progress: null,
})
const paused = (reason: 'user' | 'no-space' | 'asleep'): Partial<Job> => ({
  state: { kind: 'paused', reason, neededBytes: 6_100_000_000, freeBytes: 12_000_000 },
})
const ended = (state: Job['state'], more: Partial<Job> = {}): Partial<Job> => ({
  state,
  startedAt: ago(0.0145),
  finishedAt: new Date().toISOString(),
  result: { pointId: pointId('p1'), restoreId: null, images: [], ok: true, bytes: 9_600_000_000 },
  ...more,
})

describe('a backup that waits', () => {
  it('for a drive says that it starts by itself, and can be skipped', async () => {
    const { card, buttons, user, bridge, element } = await openCard(
      waiting('destination', problem('destination/missing')),
    )
    expect(card.getByText('Waiting for Samsung T7')).toBeTruthy()
    expect(card.getByText('Starts by itself when you connect it.')).toBeTruthy()
    expect(buttons()).toEqual(['Choose Another…', 'Skip'])
    expect(card.queryByRole('progressbar')).toBeNull()
    expect(element.getAttribute('aria-label')).toBe('Backup of debian-dev, waiting')
    await user.click(card.getByRole('button', { name: 'Skip' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toEqual([{ jobId: jobId('j1') }])
  })

  it('for a drive goes elsewhere instead: the waiting one ends, and the options open', async () => {
    const { card, user, bridge, state } = await openCard(waiting('destination', problem('destination/missing')))
    await user.click(card.getByRole('button', { name: 'Choose Another…' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toHaveLength(1)
    await waitFor(() => expect(state.ui.store.getState().sheet?.kind).toBe('back-up-options'))
  })

  it('for another job or a busy monitor is skipped, and shows no row that is being written', async () => {
    const { buttons, element } = await openCard(waiting('disk-job', problem('backup/job-clash', { disk: 'data' })))
    expect(element.textContent).toContain('Waiting for another job on data')
    expect(buttons()).toEqual(['Skip'])
    expect(screen.queryByTestId(`writing-${jobId('j1')}`)).toBeNull()
    expect(screen.getByTestId(`side-machine-${machineId('debian-dev')}`).textContent).toContain('Waiting')
  })
})

describe('a backup and its guest', () => {
  it('that freezes has no button and says why', async () => {
    const { buttons, card } = await openCard({ state: { kind: 'freezing' }, progress: null, canCancel: false })
    expect(card.getByText('Freezing file systems')).toBeTruthy()
    expect(card.getByText('Cancel is off for at most 10 s: Floe is waiting for the guest.')).toBeTruthy()
    expect(buttons()).toEqual([])
  })

  it('tells what the guest feels and where its old data waits, and why on request', async () => {
    const { card, user, element } = await openCard({
      impact: { writeMs: 2.7, idleMs: 1.9, slowed: false },
      scratch: { usedBytes: 12_000_000, limitBytes: 2_000_000_000 },
      way: { way: 'fleecing', reason: 'A slow destination cannot hold up the guest.' },
      phases: [{ name: 'frozen', state: 'done', label: 'Frozen 84 ms' }],
      instant: { consistency: 'frozen', freeze, reason: null, cause: null, pausedMs: 6 },
    })
    expect(card.getByTestId('guest-impact').textContent).toBe('Guest writes 2.7\u00a0ms, 1.9\u00a0ms before')
    expect(element.textContent).toContain('The guest’s old data waits in a scratch image: 12.0\u00a0MB of 2.00\u00a0GB')
    expect(card.getByText('Frozen 84 ms')).toBeTruthy()
    expect(screen.getByTestId(`writing-${jobId('j1')}`).textContent).toContain('Frozen 84\u00a0ms')
    card.getByRole('button', { name: 'Why?' }).focus()
    await user.keyboard('{Enter}')
    expect(card.getByText('A slow destination cannot hold up the guest.')).toBeTruthy()
  })

  it('says nothing of the guest while nothing is known', async () => {
    const { card } = await openCard({})
    expect(card.queryByTestId('guest-notes')).toBeNull()
  })

  it('that was slowed down for the guest says so', async () => {
    const { card } = await openCard({ impact: { writeMs: 38, idleMs: null, slowed: true } })
    expect(card.getByTestId('guest-impact').textContent).toBe('Guest writes 38\u00a0ms · slowed down for the guest')
  })
})

describe('a backup that stands still', () => {
  it('on a full drive says what is needed and free, and that it goes on by itself', async () => {
    const { buttons, card, user, bridge } = await openCard(paused('no-space'))
    expect(card.getByText('Backup paused: Samsung T7 is full')).toBeTruthy()
    expect(
      card.getByText(/Free at least 6\.10\sGB \(12\.0\sMB is free now\) and it continues by itself\./),
    ).toBeTruthy()
    expect(buttons().slice(0, 2)).toEqual(['Cancel…', 'Resume'])
    expect(card.getByRole('progressbar', { name: 'Backup of debian-dev' }).getAttribute('aria-valuetext')).toContain(
      'paused, waiting for space',
    )
    await user.click(card.getByRole('button', { name: 'Resume' }))
    expect(inputsOf(bridge, 'jobs.resume')).toHaveLength(1)
  })

  it('while the computer slept goes on by itself', async () => {
    const { card, buttons } = await openCard(paused('asleep'))
    expect(card.getByText('Checking that Samsung T7 is back…')).toBeTruthy()
    expect(buttons()).toEqual([])
  })

  it('without being paused is told, until the user keeps waiting; a new stop is told anew', async () => {
    const { card, buttons, user, bridge } = await openCard({ stalledSince: ago(0.035) })
    expect(card.getByText('No progress for 2 minutes')).toBeTruthy()
    expect(buttons()).toEqual(['Cancel…', 'Keep Waiting'])
    await user.click(card.getByRole('button', { name: 'Keep Waiting' }))
    expect(card.getByText('Full backup to Samsung T7')).toBeTruthy()
    act(() => bridge.push('jobs', [job('j1', 'debian-dev', { stalledSince: ago(0.11) })]))
    expect(card.getByText('No progress for 6 minutes')).toBeTruthy()
  })
})

describe('a backup that ended', () => {
  it('frozen says for how long, and shows its point', async () => {
    const { card, user, state } = await openCard(
      ended(
        { kind: 'done' },
        { instant: { consistency: 'frozen', freeze, reason: null, cause: null, pausedMs: null } },
      ),
    )
    expect(card.getByText('9.60 GB added, frozen 84 ms')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Show' }))
    expect(state.ui.store.getState().selectedPoints).toEqual([pointId('p1')])
  })

  it.each([
    ['no-agent', true],
    ['no-answer', true],
    ['too-slow', false],
  ])('not frozen (%s) says why and offers an agent where that helps', async (cause, helps) => {
    const instant = {
      consistency: 'crash-consistent',
      freeze: null,
      reason: 'The guest did not freeze.',
      cause,
      pausedMs: 6,
    } as const
    const { card, user, state } = await openCard(ended({ kind: 'done' }, { instant }))
    expect(card.getByText('Backed up, not frozen')).toBeTruthy()
    expect(card.getByText(/The guest did not freeze\. The point is like after a power cut/)).toBeTruthy()
    const setUp = card.queryByRole('button', { name: 'Set Up Agent…' })
    expect(setUp !== null).toBe(helps)
    if (setUp === null) return
    await user.click(setUp)
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'set-up-agent', machineId: machineId('debian-dev') })
  })

  it('because it was cancelled offers to start again', async () => {
    const { card, user, bridge } = await openCard(ended({ kind: 'cancelled' }))
    await user.click(card.getByRole('button', { name: 'Back Up Now' }))
    expect(inputsOf(bridge, 'backup.start')).toHaveLength(1)
  })

  it('because another job held the disk starts when that is done, with its own choices', async () => {
    const { card, user, bridge } = await openCard(
      ended(
        { kind: 'failed', problem: problem('backup/job-clash', { disk: 'data' }) },
        { disks: [], limit: 50_000_000, destinationId: destination('Samsung T7').id },
      ),
    )
    await user.click(card.getByRole('button', { name: 'Start When Done' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      expect.objectContaining({ whenPossible: true, limit: 50_000_000, diskIds: null }),
    ])
  })

  it('because another job held the disk leaves that disk out on request', async () => {
    const { card, user, state } = await openCard(
      ended({ kind: 'failed', problem: problem('backup/job-clash', { disk: 'data' }) }),
    )
    await user.click(card.getByRole('button', { name: 'Leave Out' }))
    expect(state.ui.store.getState().sheet).toEqual({
      kind: 'back-up-options',
      machineId: machineId('debian-dev'),
      leaveOut: diskId('data'),
    })
  })

  it('because it had to be frozen can go without', async () => {
    const { card, user, bridge } = await openCard(ended({ kind: 'failed', problem: problem('backup/freeze-required') }))
    expect(card.getByText('Not backed up: debian-dev couldn’t be frozen')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Back Up Without Freezing' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      expect.objectContaining({ freeze: false, requireFreeze: false, whenPossible: false }),
    ])
  })

  it('because the machine stopped waits for it', async () => {
    const { card, user, bridge } = await openCard(
      ended({ kind: 'failed', problem: problem('backup/machine-gone', { pid: 4121 }) }),
    )
    await user.click(card.getByRole('button', { name: 'Back Up When It Runs' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([expect.objectContaining({ whenPossible: true })])
  })
})

describe('an export', () => {
  const place = {
    socketPath: '/run/floe/x.sock',
    at: ago(0.2),
    disks: [{ diskId: diskId('data'), exportName: 'data', uri: 'nbd+unix:///data?socket=/run/floe/x.sock', size: 8e9 }],
  }

  it('says where it can be read, and asks before it ends', async () => {
    const { card, user, bridge, element } = await openCard({
      kind: 'export',
      state: { kind: 'holding' },
      progress: null,
      export: place,
      canPause: false,
    })
    expect(card.getByText('Export of debian-dev')).toBeTruthy()
    expect(element.textContent).toContain('nbd+unix:///data?socket=/run/floe/x.sock')
    expect(element.textContent).toContain('/run/floe/x.sock')
    expect(card.queryByRole('progressbar')).toBeNull()
    await user.click(card.getByRole('button', { name: 'Copy Address of data' }))
    expect(await navigator.clipboard.readText()).toBe(place.disks[0]?.uri)
    await user.click(card.getByRole('button', { name: 'End Export…' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toEqual([])
    await user.click(await screen.findByRole('button', { name: 'End Export' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toEqual([{ jobId: jobId('j1') }])
  })
})

describe('a refused backup', () => {
  it('that may be possible later waits for it with the choices that were made', async () => {
    const bridge = sceneBridge({ points: [point('p1', 'debian-dev', 1)] })
    const refusal = problem('machine/busy', { program: 'virsh', pid: 812 })
    bridge.answer('backup.start', () => ({ ok: false, problem: refusal }))
    const { user, state } = openMachine(bridge)
    const input = { machineId: machineId('debian-dev'), destinationId: null, diskIds: ['data'], limit: 7, check: true }
    await act(async () => void (await state.actions.run('backup.start', input)))
    bridge.answer('backup.start', () => ({ ok: true, value: { jobId: jobId('j2') } }))
    const banner = within(await screen.findByTestId('banner-machine/busy'))
    await user.click(banner.getByRole('button', { name: 'Start When Free' }))
    expect(inputsOf(bridge, 'backup.start').at(-1)).toMatchObject({ diskIds: ['data'], limit: 7, whenPossible: true })
    expect(screen.queryByTestId('banner-machine/busy')).toBeNull()
  })
})
