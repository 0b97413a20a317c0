import { describe, expect, it } from 'vitest'
import type { Job } from '../../../../shared/domain/job.ts'
import {
  changedBytes,
  describeJob,
  describeProgress,
  nextBackupSentence,
  plannedWords,
} from '../../../../shared/text/job-words.ts'
import { sampleJob } from './samples.ts'

const style = { now: new Date('2026-11-22T12:00:00Z'), locale: 'en-GB', timeZone: 'UTC' }
const end = 65_536
const planned = { kind: 'incremental', basis: 'bitmap', kindReason: 'Changes are tracked.' } as const
const plan = { kind: 'incremental', basis: 'bitmap', reason: 'Changes are tracked.', endBytes: end } as const

describe('where only the end of a disk is to be copied, which always is', () => {
  it('nothing has changed, and what is copied is said all the same', () => {
    const idle = { ...planned, bytesToCopy: end, endBytes: end }
    expect(changedBytes(idle)).toBe(0)
    expect(plannedWords(idle, 'decimal', 'en-GB')).toBe('incremental, nothing has changed, copies 65.5\u00a0KB')
    expect(nextBackupSentence(idle, 'decimal', 'en-GB')).toBe(
      'Incremental, nothing has changed, copies 65.5\u00a0KB: Changes are tracked.',
    )
    expect(plannedWords({ ...planned, bytesToCopy: 0, endBytes: 0 })).toBe('incremental, nothing has changed')
  })

  it('a backup says so while it runs and when it is done', () => {
    const progress = { doneBytes: 0, totalBytes: end, fraction: 0, bytesPerSecond: null, secondsLeft: null }
    const running = sampleJob({ state: { kind: 'copying' }, plan, progress })
    expect(describeProgress(running, style)).toEqual({
      bytes: 'Nothing has changed, copying 65.5\u00a0KB',
      rate: null,
      percent: null,
      eta: null,
    })
    expect(doneLine({ plan })).toContain('Nothing had changed, 65.5\u00a0KB added')
  })
})

describe('with one more piece to copy', () => {
  it('something has changed, and the end does not count as it', () => {
    const one = { ...planned, bytesToCopy: 2 * end, endBytes: end }
    expect(changedBytes(one)).toBe(end)
    expect(plannedWords(one, 'decimal', 'en-GB')).toBe('incremental, about 131\u00a0KB')
    const progress = { doneBytes: 0, totalBytes: 2 * end, fraction: 0, bytesPerSecond: null, secondsLeft: null }
    const running = sampleJob({ state: { kind: 'copying' }, plan, progress })
    expect(describeProgress(running, style)?.bytes).toBe('0 of 131\u00a0KB copied')
  })
})

it('a full or a compared copy of as few bytes is not taken for one that found nothing', () => {
  expect(plannedWords({ ...planned, kind: 'full', basis: 'all', bytesToCopy: 512, endBytes: 0 })).toContain('full')
  expect(plannedWords({ ...planned, basis: 'comparison', bytesToCopy: 512, endBytes: 0 })).toContain('at most')
  expect(doneLine({ plan: { ...plan, basis: 'comparison', endBytes: 0 } })).not.toContain('Nothing')
  expect(doneLine({ plan: { ...plan, kind: 'full', basis: 'all' } })).not.toContain('Nothing')
})

function doneLine(change: Partial<Job>): string {
  const result = { pointId: null, restoreId: null, images: [], ok: true, bytes: end }
  return describeJob(sampleJob({ state: { kind: 'done' }, result, ...change }), style).line
}
