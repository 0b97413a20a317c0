import { expect, it, vi } from 'vitest'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import { NotYet, type WaitingState } from '../../../../electron/core/jobs/types.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import { quietLogger, realClock, testJob } from '../../../support/core.ts'

const waiting: WaitingState = {
  kind: 'waiting',
  for: 'destination',
  problem: toProblem(new FloeError('destination/missing', 'The drive is not there.')),
}
const makeBoard = () => createJobBoard({ ports: { clock: realClock, logger: quietLogger }, topic: new Topic('jobs') })
const never = () => new Promise<void>(() => {})
const turn = () => new Promise<void>((done) => setImmediate(done))

it('a job that waits for something outside holds nobody up, and does not start before that is there', async () => {
  const board = makeBoard()
  const [parked, other] = [{ ...testJob(), state: waiting }, testJob()]
  const run = vi.fn(async () => {})
  board.enqueue(parked, ['machine:a'], {}, run)
  board.enqueue(other, ['machine:a'], {}, never)
  await turn()
  expect(board.get(parked.id).state).toEqual(waiting)
  expect(board.get(other.id).state.kind).toBe('preparing')
  expect(run).not.toHaveBeenCalled()
})

it('once ready it queues like any other', async () => {
  const board = makeBoard()
  const [parked, other] = [{ ...testJob(), state: waiting }, testJob()]
  let finish = () => {}
  board.enqueue(parked, ['machine:a'], {}, async () => {})
  board.enqueue(other, ['machine:a'], {}, () => new Promise((resolve) => (finish = resolve)))
  await turn()
  board.ready(parked.id)
  expect(board.get(parked.id).state).toEqual({ kind: 'queued', position: 1, blockedBy: other.id })
  finish()
  expect((await board.whenFinal(parked.id)).state.kind).toBe('done')
})

it('what turns out to be missing at the last moment is waited for again, with the claims given back', async () => {
  const board = makeBoard()
  const [job, other] = [testJob(), testJob()]
  let tries = 0
  board.enqueue(job, ['machine:a'], {}, async () => {
    tries += 1
    if (tries === 1) throw new NotYet(waiting)
  })
  board.enqueue(other, ['machine:a'], {}, async () => {})
  expect((await board.whenFinal(other.id)).state.kind).toBe('done')
  expect(board.get(job.id).state).toEqual(waiting)
  expect(board.get(job.id).startedAt).toBeNull()
  board.ready(job.id)
  expect((await board.whenFinal(job.id)).state.kind).toBe('done')
  expect(tries).toBe(2)
})

it('cancelling takes it off at once, and it is never started', async () => {
  const board = makeBoard()
  const job = { ...testJob(), state: waiting }
  const run = vi.fn(never)
  board.enqueue(job, ['machine:a'], {}, run)
  await board.cancel(job.id)
  expect((await board.whenFinal(job.id)).state.kind).toBe('cancelled')
  board.ready(job.id)
  await turn()
  expect(run).not.toHaveBeenCalled()
})

it('a job that was cancelled while it began does not wait again', async () => {
  const board = makeBoard()
  const job = testJob()
  let begin = () => {}
  board.enqueue(job, [], { cancel: async () => {} }, async () => {
    await new Promise<void>((resolve) => (begin = resolve))
    throw new NotYet(waiting)
  })
  await turn()
  await board.cancel(job.id)
  begin()
  expect((await board.whenFinal(job.id)).state.kind).toBe('cancelled')
})

it('it is not kept when Floe closes, and says so', async () => {
  const board = makeBoard()
  const job = { ...testJob(), state: waiting }
  board.enqueue(job, [], {}, never)
  await board.stop()
  expect(board.get(job.id).state.kind).toBe('cancelled')
  expect(board.get(job.id).note).toContain('Floe was closed')
})

it('a job that fails while it waits ends', async () => {
  const board = makeBoard()
  const job = { ...testJob(), state: waiting }
  board.enqueue(job, [], {}, never)
  board.update(job.id, { state: { kind: 'failed', problem: waiting.problem } })
  expect((await board.whenFinal(job.id)).state.kind).toBe('failed')
  expect(board.active()).toEqual([])
})
