import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Waiting } from '../../../../electron/core/backup/waiting.ts'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import type { WaitingState } from '../../../../electron/core/jobs/types.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { ProblemCode } from '../../../../shared/errors/codes.ts'
import { quietLogger, testJob } from '../../../support/core.ts'

const clock = { now: () => new Date(), monotonic: () => Date.now() }
const timing = { pollMs: 2_000, machinePollMs: 5_000, stableMs: 10_000 }
const waitsFor = (what: WaitingState['for'], code: ProblemCode): WaitingState => ({
  kind: 'waiting',
  for: what,
  problem: toProblem(new FloeError(code, 'So it is.')),
})
const absent = waitsFor('destination', 'destination/missing')
const clash = waitsFor('disk-job', 'backup/job-clash')
const off = waitsFor('machine', 'machine/off')

function stage(first: WaitingState) {
  const board = createJobBoard({ ports: { clock, logger: quietLogger }, topic: new Topic('jobs') })
  const job = { ...testJob(), state: first }
  const run = vi.fn(async () => {})
  board.enqueue(job, ['machine:a'], {}, run)
  const waiting = new Waiting({ board, clock, timing })
  let obstacle: WaitingState | null | Error = first
  const look = vi.fn(async () => {
    if (obstacle instanceof Error) throw obstacle
    return obstacle
  })
  const onFailed = vi.fn()
  waiting.watch({ id: job.id, first, look, onFailed })
  const becomes = (next: typeof obstacle) => {
    obstacle = next
  }
  return { board, waiting, run, look, onFailed, becomes, state: () => board.get(job.id).state, id: job.id }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

it('starts when nothing is in the way any more', async () => {
  const { run, becomes, state } = stage(clash)
  await pass(60_000)
  expect(run).not.toHaveBeenCalled()
  becomes(null)
  await pass(2_001)
  expect(run).toHaveBeenCalledOnce()
  expect(state().kind).toBe('done')
})

it('a destination must have been back for a while', async () => {
  const { run, becomes } = stage(absent)
  becomes(null)
  await pass(8_000)
  becomes(absent)
  await pass(2_000)
  becomes(null)
  await pass(10_001)
  expect(run).not.toHaveBeenCalled()
  await pass(4_000)
  expect(run).toHaveBeenCalledOnce()
})

it('the newest reason is the one that is told', async () => {
  const { becomes, state } = stage(absent)
  becomes(off)
  await pass(2_001)
  expect(state()).toEqual(off)
})

it('a machine is looked for less often', async () => {
  const { look } = stage(off)
  await pass(20_001)
  expect(look).toHaveBeenCalledTimes(4)
})

it('what will never work ends it', async () => {
  const { becomes, onFailed, run, look } = stage(absent)
  const gone = new FloeError('destination/unknown', 'It was taken off the list.')
  becomes(gone)
  await pass(2_001)
  expect(onFailed).toHaveBeenCalledWith(gone)
  await pass(20_000)
  expect(look).toHaveBeenCalledOnce()
  expect(run).not.toHaveBeenCalled()
})

it('a job that was cancelled is looked after no more, nor is any when Floe closes', async () => {
  const cancelled = stage(absent)
  await cancelled.board.cancel(cancelled.id)
  const closed = stage(absent)
  closed.waiting.stop()
  await pass(20_000)
  expect(cancelled.look).not.toHaveBeenCalled()
  expect(closed.look).not.toHaveBeenCalled()
  expect(closed.onFailed).not.toHaveBeenCalled()
})
