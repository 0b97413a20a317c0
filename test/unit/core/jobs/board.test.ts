import { afterEach, describe, expect, it, vi } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import { quietLogger, realClock, testJob } from '../../../support/core.ts'

const makeBoard = (limits = {}) => {
  const topic = new Topic('jobs')
  return { topic, board: createJobBoard({ ports: { clock: realClock, logger: quietLogger }, topic, limits }) }
}
const never = () => new Promise<void>(() => {})
const progress = (fraction: number) => ({
  doneBytes: fraction * 100,
  totalBytes: 100,
  fraction,
  bytesPerSecond: null,
  secondsLeft: null,
})

afterEach(() => void vi.useRealTimers())

describe('the job board', () => {
  it('runs several machines at once and one job per destination, saying who is in front', () => {
    const { board } = makeBoard()
    const [a, b, c] = [testJob(), testJob(), testJob()]
    board.enqueue(a, ['machine:a', 'destination:x'], {}, never)
    board.enqueue(b, ['machine:b', 'destination:y'], {}, never)
    board.enqueue(c, ['machine:c', 'destination:x'], {}, never)
    expect(board.get(a.id).state.kind).toBe('preparing')
    expect(board.get(b.id).state.kind).toBe('preparing')
    expect(board.get(c.id).state).toEqual({ kind: 'queued', position: 1, blockedBy: a.id })
    expect(board.get(a.id).startedAt).not.toBeNull()
  })

  it('lets Start Now step over a busy destination but never over a busy machine', () => {
    const { board } = makeBoard()
    const [a, b, c] = [testJob(), testJob(), testJob()]
    board.enqueue(a, ['machine:a', 'destination:x'], {}, never)
    board.enqueue(b, ['machine:b', 'destination:x'], {}, never)
    board.enqueue(c, ['machine:a', 'destination:y'], {}, never)
    board.startNow(b.id)
    board.startNow(c.id)
    expect(board.get(b.id).state.kind).toBe('preparing')
    expect(board.get(c.id).state).toEqual({ kind: 'queued', position: 1, blockedBy: a.id })
  })

  it.each(['before', 'after'])(
    'lets a deletion that was asked for %s a job stopped for lack of room step over it, and over what waits for it',
    (when) => {
      const { board } = makeBoard()
      const [full, next, deletion] = [testJob(), testJob(), testJob({ kind: 'delete' })]
      const enqueue = () => board.enqueue(deletion, ['destination:x', 'background:x'], {}, never)
      board.enqueue(full, ['machine:a', 'destination:x'], {}, never)
      board.enqueue(next, ['machine:b', 'destination:x'], {}, never)
      if (when === 'before') enqueue()
      board.update(full.id, { state: { kind: 'paused', reason: 'no-space', neededBytes: 1, freeBytes: 0 } })
      if (when === 'after') enqueue()
      expect(board.get(deletion.id).state.kind).toBe('preparing')
      expect(board.get(next.id).state.kind).toBe('queued')
    },
  )

  it('lets a deletion wait for whoever is at work on a destination, also one that another job finds full', () => {
    const { board } = makeBoard()
    const [full, working, deletion] = [testJob(), testJob(), testJob({ kind: 'delete' })]
    board.enqueue(full, ['machine:a', 'destination:x'], {}, never)
    board.enqueue(working, ['machine:b', 'destination:x'], {}, never)
    board.startNow(working.id)
    board.update(full.id, { state: { kind: 'paused', reason: 'no-space', neededBytes: 1, freeBytes: 0 } })
    board.enqueue(deletion, ['destination:x'], {}, never)
    expect(board.get(deletion.id).state).toMatchObject({ kind: 'queued', blockedBy: working.id })
  })

  it('takes a cancelled job off the queue without running it', async () => {
    const { board } = makeBoard()
    const [a, b] = [testJob(), testJob()]
    const run = vi.fn(never)
    board.enqueue(a, ['machine:a'], {}, never)
    board.enqueue(b, ['machine:a'], {}, run)
    await board.cancel(b.id)
    expect((await board.whenFinal(b.id)).state.kind).toBe('cancelled')
    expect(run).not.toHaveBeenCalled()
  })

  it('tells a running job by its signal, and ends it as cancelled', async () => {
    const { board } = makeBoard()
    const job = testJob()
    board.enqueue(job, [], { cancel: async () => {} }, async (signal) => {
      await new Promise<void>((_, reject) =>
        signal.addEventListener('abort', () => reject(new FloeError('restore/cancelled', 'Cancelled.'))),
      )
    })
    await Promise.resolve()
    await board.cancel(job.id)
    expect(board.get(job.id).state.kind).toBe('cancelling')
    const ended = await board.whenFinal(job.id)
    expect(ended.state.kind).toBe('cancelled')
    expect(ended.canCancel).toBe(false)
    await expect(board.cancel(job.id)).rejects.toMatchObject({ code: 'job/cannot-cancel' })
  })

  it('does not call a failure a cancellation', async () => {
    const { board } = makeBoard()
    const job = testJob()
    board.enqueue(job, [], {}, async () => {
      throw new FloeError('restore/no-space', 'Full.')
    })
    expect((await board.whenFinal(job.id)).state).toMatchObject({
      kind: 'failed',
      problem: { code: 'restore/no-space' },
    })
  })

  it('never lets progress go back, nor say 100 % before the end', async () => {
    const { board } = makeBoard()
    const job = testJob()
    let end = () => {}
    board.enqueue(
      job,
      [],
      {},
      () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    )
    await Promise.resolve()
    board.update(job.id, { progress: progress(0.5) })
    board.update(job.id, { progress: progress(0.3) })
    expect(board.get(job.id).progress?.fraction).toBe(0.5)
    board.update(job.id, { progress: progress(1) })
    expect(board.get(job.id).progress?.fraction).toBeLessThan(1)
    end()
    expect((await board.whenFinal(job.id)).progress?.fraction).toBe(1)
  })

  it('publishes a busy job at most four times a second and its end at once', async () => {
    vi.useFakeTimers()
    const { board, topic } = makeBoard()
    const job = testJob()
    const told: Job[] = []
    topic.subscribe((message) => void (message.kind === 'delta' && told.push(...message.upserts)))
    board.enqueue(job, [], {}, never)
    for (let millisecond = 0; millisecond < 1000; millisecond += 10) {
      board.update(job.id, { progress: progress(millisecond / 1000) })
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(told.length).toBeGreaterThan(3)
    expect(told.length).toBeLessThanOrEqual(6)
    board.update(job.id, { state: { kind: 'done' } })
    expect(told.at(-1)?.state.kind).toBe('done')
  })

  it('keeps a final state whatever its owner says later', async () => {
    const { board } = makeBoard()
    const job = testJob()
    board.enqueue(job, [], {}, async () => {
      board.update(job.id, { state: { kind: 'cancelled' } })
      board.update(job.id, { state: { kind: 'copying' } })
    })
    await board.whenFinal(job.id)
    await new Promise(setImmediate)
    expect(board.get(job.id).state.kind).toBe('cancelled')
  })

  it('remembers the last finished jobs only', async () => {
    const { board, topic } = makeBoard({ finished: 2 })
    const jobs = [testJob(), testJob(), testJob()]
    for (const job of jobs) {
      board.enqueue(job, [], {}, async () => {})
      await board.whenFinal(job.id)
    }
    await new Promise(setImmediate)
    expect(board.list().map((job) => job.id)).toEqual(jobs.slice(1).map((job) => job.id))
    expect(topic.list()).toHaveLength(2)
    expect(() => board.get((jobs[0] as Job).id)).toThrow(expect.objectContaining({ code: 'job/unknown' }))
  })

  it('refuses controls that a job does not have', async () => {
    const { board } = makeBoard()
    const job = testJob()
    board.enqueue(job, [], {}, never)
    await expect(board.pause(job.id)).rejects.toMatchObject({ code: 'job/cannot-pause' })
    await expect(board.resume(job.id)).rejects.toMatchObject({ code: 'job/cannot-resume' })
    await expect(board.cancel(job.id)).rejects.toMatchObject({ code: 'job/cannot-cancel' })
  })

  it('ends all jobs but backups when Floe closes, waits for them, and starts nothing any more', async () => {
    const { board } = makeBoard()
    const [backup, waiting, restore, swap] = [
      testJob(),
      testJob(),
      testJob({ kind: 'restore', canCancel: true }),
      testJob({ kind: 'swap', canCancel: false }),
    ]
    let swapped = () => {}
    const steps: string[] = []
    board.enqueue(backup, ['machine:a'], {}, never)
    board.enqueue(waiting, ['machine:a'], {}, never)
    board.enqueue(restore, [], {}, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      steps.push('restore cleared up')
      throw new FloeError('restore/cancelled', 'The restore was cancelled.')
    })
    board.enqueue(swap, [], {}, async () => {
      await new Promise<void>((resolve) => {
        swapped = resolve
      })
      steps.push('swap complete')
    })
    await new Promise(setImmediate)
    const stopped = board.stop().then(() => steps.push('stopped'))
    await board.whenFinal(restore.id)
    expect(steps).toEqual(['restore cleared up'])
    swapped()
    await stopped
    expect(steps).toEqual(['restore cleared up', 'swap complete', 'stopped'])
    expect(board.get(restore.id).state.kind).toBe('cancelled')
    expect(board.get(swap.id).state.kind).toBe('done')
    expect(board.get(waiting.id).state.kind).toBe('cancelled')
    expect(board.get(backup.id).state.kind).toBe('preparing')
    expect(() => board.enqueue(testJob(), [], {}, never)).toThrow(
      expect.objectContaining({ code: 'system/interrupted' }),
    )
  })

  it('goes on when somebody listens badly: the next job still starts', async () => {
    const heard: unknown[] = []
    const topic = new Topic('jobs', (error) => heard.push(error))
    const board = createJobBoard({ ports: { clock: realClock, logger: quietLogger }, topic })
    topic.subscribe((message) => {
      if (message.kind === 'delta') throw new Error('a bad listener')
    })
    const [first, second] = [testJob(), testJob()]
    board.enqueue(first, ['machine:a'], {}, async () => {})
    board.enqueue(second, ['machine:a'], {}, async () => {})
    expect((await board.whenFinal(second.id)).state.kind).toBe('done')
    expect(heard.length).toBeGreaterThan(0)
  })
})
