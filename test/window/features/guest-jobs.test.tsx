import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { ago, destination, diskId, job, jobId, machineId, point } from '../support/sample.ts'
import '../support/setup.ts'
import { freeze, openCard, paused, problem, waiting } from './job-card-support.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const t7 = destination('Samsung T7')

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
    const { buttons, element, state } = await openCard(
      waiting('disk-job', problem('backup/job-clash', { disk: 'data' })),
    )
    expect(element.textContent).toContain('Waiting for another job on data')
    expect(buttons()).toEqual(['Skip'])
    expect(screen.queryByTestId(`writing-${jobId('j1')}`)).toBeNull()
    expect(screen.getByTestId(`side-machine-${machineId('debian-dev')}`).textContent).toContain('Waiting')
    act(() => state.ui.show({ kind: 'overview' }))
    const running = within(screen.getByTestId('running-now'))
    expect(running.getByText('Waiting for another job on data')).toBeTruthy()
    expect(running.queryByRole('progressbar')).toBeNull()
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
    expect(buttons().slice(0, 3)).toEqual(['Cancel…', 'Resume', 'Free Up Space…'])
    expect(card.getByRole('progressbar', { name: 'Backup of debian-dev' }).getAttribute('aria-valuetext')).toContain(
      'paused, waiting for space',
    )
    await user.click(card.getByRole('button', { name: 'Resume' }))
    expect(inputsOf(bridge, 'jobs.resume')).toHaveLength(1)
  })

  it('on a full drive leads to what can be removed there: restore points of this machine, or the destination', async () => {
    const full = { ...paused('no-space'), destinationId: t7.id }
    const some = await openCard(full, { points: [point('p1', 'debian-dev', 1), point('p2', 'debian-dev', 30)] })
    await some.user.click(some.card.getByRole('button', { name: 'Free Up Space…' }))
    expect(await screen.findByTestId('sheet-retention')).toBeTruthy()
    some.unmount()
    const none = await openCard(full, { points: [] })
    await none.user.click(none.card.getByRole('button', { name: 'Free Up Space…' }))
    expect(none.state.ui.store.getState().view).toEqual({ kind: 'destination', destinationId: t7.id })
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
    expect(card.getByText('Backup to Samsung T7')).toBeTruthy()
    act(() => bridge.push('jobs', [job('j1', 'debian-dev', { stalledSince: ago(0.11) })]))
    expect(card.getByText('No progress for 6 minutes')).toBeTruthy()
  })
})

describe('an export', () => {
  const place = {
    socketPath: '/run/floe/x.sock',
    at: ago(0.2),
    disks: [
      {
        diskId: diskId('data'),
        exportName: 'data',
        uri: 'nbd+unix:///data?socket=/run/floe/x.sock',
        size: 8e9,
        sinceBitmap: null,
      },
    ],
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
