import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { cardsOf } from '../../../renderer/src/features/job/job-cards.tsx'
import type { Job } from '../../../shared/domain/job.ts'
import { ago, fullProblem, job, jobId, machineId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const cardOf = (id: string) => screen.findByTestId(`job-${jobId(id)}`)
const ok = () => ({ ok: true, value: {} }) as const

async function openCard(change: Partial<Job>) {
  const bridge = sceneBridge({ jobs: [job('j1', 'debian-dev', change)] })
  for (const name of [
    'jobs.pause',
    'jobs.resume',
    'jobs.cancel',
    'jobs.startNow',
    'jobs.skipCheck',
    'jobs.setLimit',
  ] as const) {
    bridge.answer(name, ok)
  }
  const rendered = openMachine(bridge)
  return { ...rendered, bridge, card: within(await cardOf('j1')), element: await cardOf('j1') }
}

describe('a job card', () => {
  it('while copying says bytes, rate, percent, time left and phases, and pauses with one press', async () => {
    const { card, element, user, bridge } = await openCard({})
    expect(element.textContent).toContain('4.03 of 9.60\u00a0GB copied · 186\u00a0MB/s')
    expect(element.textContent).toContain('42\u00a0% · about 30 seconds left')
    expect(card.getByRole('progressbar', { name: 'Backup of debian-dev' }).getAttribute('aria-valuetext')).toBe(
      'Backup of debian-dev, 42 percent, 4.03 of 9.6 gigabytes, about 30 seconds left',
    )
    expect(card.getByText('Not frozen')).toBeTruthy()
    card.getByRole('button', { name: 'Pause' }).focus()
    await user.keyboard('{Enter}')
    expect(inputsOf(bridge, 'jobs.pause')).toEqual([{ jobId: jobId('j1') }])
  })

  it('sets the speed from its menu', async () => {
    const { card, user, bridge } = await openCard({})
    card.getByRole('button', { name: 'Speed limit' }).focus()
    await user.keyboard('{Enter}')
    await user.click(await screen.findByRole('menuitem', { name: 'At Most 50.0\u00a0MB/s' }))
    expect(inputsOf(bridge, 'jobs.setLimit')).toEqual([{ jobId: jobId('j1'), limit: 50_000_000 }])
  })

  it('asks before it throws away more than ten seconds of copying', async () => {
    const { card, user, bridge } = await openCard({ startedAt: ago(0.01) })
    card.getByRole('button', { name: 'Cancel…' }).focus()
    await user.keyboard('{Enter}')
    const sheet = within(await screen.findByTestId('sheet-cancel-job'))
    expect(sheet.getByText('Cancel the backup of debian-dev?')).toBeTruthy()
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Keep Backing Up')
    await user.keyboard('{Escape}')
    expect(inputsOf(bridge, 'jobs.cancel')).toEqual([])
    await user.click(card.getByRole('button', { name: 'Cancel…' }))
    await user.click(await screen.findByRole('button', { name: 'Cancel Backup' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toEqual([{ jobId: jobId('j1') }])
  })

  it('cancels at once in the first ten seconds', async () => {
    const { card, user, bridge } = await openCard({ startedAt: new Date().toISOString() })
    await user.click(card.getByRole('button', { name: 'Cancel' }))
    expect(inputsOf(bridge, 'jobs.cancel')).toHaveLength(1)
  })

  it('while checking fills the bar, sweeps what was read back and can skip', async () => {
    const { card, element, user, bridge } = await openCard({
      state: { kind: 'checking' },
      checked: { doneBytes: 2_100_000_000, totalBytes: 9_600_000_000 },
    })
    expect(element.textContent).toContain('Checking 2.10 of 9.60\u00a0GB')
    expect(card.getByTestId('check-sweep').style.width).toMatch(/^21\.8/)
    await user.click(card.getByRole('button', { name: 'Skip Check' }))
    expect(inputsOf(bridge, 'jobs.skipCheck')).toHaveLength(1)
  })

  it('in the queue says its place and starts now on request', async () => {
    const { card, user, bridge } = await openCard({
      state: { kind: 'queued', position: 2, blockedBy: null },
      startedAt: null,
      progress: null,
    })
    expect(card.getByText('2nd for Samsung T7; starts by itself')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Start Now' }))
    expect(inputsOf(bridge, 'jobs.startNow')).toHaveLength(1)
  })

  it('that was paused by the user resumes', async () => {
    const { card, user, bridge } = await openCard({
      state: { kind: 'paused', reason: 'user', neededBytes: null, freeBytes: null },
    })
    expect(card.getByText('Paused at 42 %')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Resume' }))
    expect(inputsOf(bridge, 'jobs.resume')).toHaveLength(1)
  })

  it('that was found again says so', async () => {
    const { card } = await openCard({ reattached: true, note: 'Floe was closed at 61 %; QEMU kept copying.' })
    expect(card.getByText('Found a backup still running')).toBeTruthy()
    expect(card.getByText('Floe was closed at 61 %; QEMU kept copying.')).toBeTruthy()
  })

  it('that failed says what happened, what to do and what the system said', async () => {
    const { card, element, user, state } = await openCard({
      state: { kind: 'failed', problem: fullProblem },
      finishedAt: ago(1),
    })
    expect(card.getByText('Backup stopped: Samsung T7 is full')).toBeTruthy()
    expect(element.textContent).toContain('Free at least 5.57\u00a0GB there')
    await user.click(card.getByRole('button', { name: 'Show Details' }))
    expect(element.textContent).toContain('backup/destination-full')
    await user.click(card.getByRole('button', { name: 'Choose Another…' }))
    expect(state.ui.store.getState().sheet?.kind).toBe('back-up-options')
  })

  it('folds the bars of more than four disks', async () => {
    const disks = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      diskId: name as Job['disks'][number]['diskId'],
      name: `${name}.qcow2`,
      doneBytes: 1,
      totalBytes: 2,
      done: false,
    }))
    const { card, user } = await openCard({ disks })
    expect(card.getAllByRole('progressbar')).toHaveLength(1)
    await user.click(card.getByRole('button', { name: 'Show 5 Disks' }))
    expect(card.getAllByRole('progressbar')).toHaveLength(6)
  })

  it('never shows 100 % before the end', async () => {
    const { element, bridge } = await openCard({})
    const progress = {
      doneBytes: 9_599_999_999,
      totalBytes: 9_600_000_000,
      fraction: 0.9999,
      bytesPerSecond: 1,
      secondsLeft: 0,
    }
    act(() => bridge.push('jobs', [job('j1', 'debian-dev', { progress })]))
    await waitFor(() => expect(element.textContent).toContain('99\u00a0%'))
    expect(element.textContent).not.toContain('100\u00a0%')
  })
})

describe('the cards of a machine', () => {
  const done = (id: string, finishedAt: string) => job(id, 'debian-dev', { state: { kind: 'done' }, finishedAt })
  const now = Date.parse('2026-11-22T14:00:00Z')

  it('keep a finished job for eight seconds and a failed one until it is hidden', () => {
    const fresh = done('j1', '2026-11-22T13:59:55Z')
    expect(cardsOf([fresh], machineId('debian-dev'), new Set(), now)).toHaveLength(1)
    expect(cardsOf([fresh], machineId('debian-dev'), new Set(), now + 8000)).toHaveLength(0)
    const failed = job('j2', 'debian-dev', {
      state: { kind: 'failed', problem: fullProblem },
      finishedAt: '2026-11-21T00:00:00Z',
    })
    expect(cardsOf([failed], machineId('debian-dev'), new Set(), now)).toHaveLength(1)
    expect(cardsOf([failed], machineId('debian-dev'), new Set([failed.id]), now)).toHaveLength(0)
  })

  it('show two jobs at once, and a failure gives way to what came after it', () => {
    const running = [
      job('j1', 'debian-dev'),
      job('j2', 'debian-dev', { state: { kind: 'queued', position: 1, blockedBy: null } }),
    ]
    expect(cardsOf(running, machineId('debian-dev'), new Set(), now)).toHaveLength(2)
    const failed = job('j3', 'debian-dev', {
      state: { kind: 'failed', problem: fullProblem },
      finishedAt: '2026-11-21T00:00:00Z',
    })
    expect(cardsOf([failed, done('j4', '2026-11-22T00:00:00Z')], machineId('debian-dev'), new Set(), now)).toHaveLength(
      0,
    )
  })
})
