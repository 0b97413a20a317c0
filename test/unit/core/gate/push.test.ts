import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pace, paced } from '../../../../electron/core/gate/push.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { Activity } from '../../../../shared/domain/activity.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { TopicMessage } from '../../../../shared/ipc/contract.ts'
import { realClock, testJob } from '../../../support/core.ts'

const line = (id: string, text: string): Activity => ({
  id,
  at: '2026-11-22T00:00:00.000Z',
  level: 'info',
  machineId: null,
  subject: 'Floe',
  text,
  jobId: null,
  problem: null,
  timeline: [],
  dismissed: false,
})

const copying = (job: Job, doneBytes: number): Job => ({
  ...job,
  state: { kind: 'copying' },
  progress: { doneBytes, totalBytes: 1000, fraction: doneBytes / 1000, bytesPerSecond: null, secondsLeft: null },
})

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('pushed topics', () => {
  it('tell at most four deltas a second, the newest state last', () => {
    const topic = new Topic('jobs')
    const job = testJob()
    topic.set(copying(job, 0))
    const heard: TopicMessage<'jobs'>[] = []
    paced(realClock, topic, (message) => heard.push(message))
    for (let done = 1; done <= 100; done += 1) {
      topic.set(copying(job, done))
      vi.advanceTimersByTime(10)
    }
    vi.advanceTimersByTime(pace)
    const deltas = heard.slice(1)
    expect(deltas.length).toBeGreaterThanOrEqual(4)
    expect(deltas.length).toBeLessThanOrEqual(6)
    expect(deltas.at(-1)).toMatchObject({ upserts: [{ progress: { doneBytes: 100 } }] })
  })

  it('tell a job that ends at once', () => {
    const topic = new Topic('jobs')
    const job = testJob()
    topic.set(copying(job, 0))
    const heard: TopicMessage<'jobs'>[] = []
    paced(realClock, topic, (message) => heard.push(message))
    topic.set(copying(job, 1))
    topic.set(copying(job, 2))
    topic.set({ ...job, state: { kind: 'done' } })
    expect(heard.at(-1)).toMatchObject({ kind: 'delta', upserts: [{ state: { kind: 'done' } }] })
  })

  it('fall silent when nobody listens any more', () => {
    const topic = new Topic('activity')
    const heard: TopicMessage<'activity'>[] = []
    const stop = paced(realClock, topic, (message) => heard.push(message))
    topic.set(line('a', '1'))
    topic.set(line('a', '2'))
    stop()
    vi.advanceTimersByTime(1000)
    expect(heard).toHaveLength(2)
  })

  it('lead every subscriber to the same collection, without a gap, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), id: fc.constantFrom('a', 'b', 'c'), text: fc.string() }),
      fc.record({ kind: fc.constant('remove' as const), id: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.integer({ min: 0, max: 600 }) }),
      fc.constant({ kind: 'join' as const }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const topic = new Topic('activity')
        const subscribers: Map<string, string>[] = []
        const join = () => {
          const items = new Map<string, string>()
          let seq = -1
          subscribers.push(items)
          paced(realClock, topic, (message) => {
            if (message.kind === 'snapshot') {
              for (const item of message.items) items.set(item.id, item.text)
            } else {
              expect(message.seq).toBe(seq + 1)
              for (const item of message.upserts) items.set(item.id, item.text)
              for (const id of message.removals) items.delete(id)
            }
            seq = message.seq
          })
        }
        join()
        for (const each of steps) {
          if (each.kind === 'set') topic.set(line(each.id, each.text))
          else if (each.kind === 'remove') topic.remove(each.id)
          else if (each.kind === 'wait') vi.advanceTimersByTime(each.milliseconds)
          else join()
        }
        vi.advanceTimersByTime(pace)
        const truth = Object.fromEntries(topic.list().map((item) => [item.id, item.text]))
        for (const items of subscribers) expect(Object.fromEntries(items)).toEqual(truth)
      }),
    )
  })
})
