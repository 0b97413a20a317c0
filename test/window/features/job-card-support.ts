// One job of a machine as a card: what the tests of a card's states start from.
import { screen, within } from '@testing-library/react'
import type { Job } from '../../../shared/domain/job.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { ago, fullProblem, job, jobId, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { openMachine, type Scene, sceneBridge } from './support.ts'

const ok = () => ({ ok: true, value: {} }) as const
const calls = ['jobs.pause', 'jobs.resume', 'jobs.cancel'] as const
export const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  ...fullProblem,
  code,
  params,
  causes: [],
})
export const freeze = { heldMs: 84, confirmedAfterMs: 41, fileSystems: [{ mountpoint: '/', type: 'ext4' }] }

/** The card of one backup, with what its buttons do answered. */
export async function openCard(change: Partial<Job>, scene: Scene = {}) {
  const bridge = sceneBridge({ ...scene, jobs: [job('j1', 'debian-dev', change)] })
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

export const waiting = (reason: 'destination' | 'disk-job' | 'monitor' | 'machine', what: Problem): Partial<Job> => ({
  state: { kind: 'waiting', for: reason, problem: what },
  startedAt: null,
  progress: null,
})
export const paused = (reason: 'user' | 'no-space' | 'asleep'): Partial<Job> => ({
  state: { kind: 'paused', reason, neededBytes: 6_100_000_000, freeBytes: 12_000_000 },
})
export const ended = (state: Job['state'], more: Partial<Job> = {}): Partial<Job> => ({
  state,
  startedAt: ago(0.0145),
  finishedAt: new Date().toISOString(),
  result: { pointId: pointId('p1'), restoreId: null, images: [], ok: true, bytes: 9_600_000_000 },
  ...more,
})
