import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DockProgress,
  needsTheMacAwake,
  problemCount,
  unfinishedJobs,
} from '../../../../electron/hosts/desktop/job-summary.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import { testJob } from '../../../support/core.ts'

const at = (job: Job, fraction: number, totalBytes: number): Job => ({
  ...job,
  state: { kind: 'copying' },
  progress: { doneBytes: fraction * totalBytes, totalBytes, fraction, bytesPerSecond: null, secondsLeft: null },
})

describe('a job that nobody asked for', () => {
  const background = testJob({ kind: 'verify', state: { kind: 'checking' }, background: true })

  it('keeps nobody from quitting, and no Mac awake', () => {
    expect(unfinishedJobs([background])).toEqual([])
    expect(needsTheMacAwake([background])).toBe(false)
    expect(needsTheMacAwake([{ ...background, background: false }])).toBe(true)
    expect(new DockProgress().update([at(background, 0.5, 100)])).toBeNull()
  })
})

describe('the bar in the Dock', () => {
  it('weighs jobs by their bytes', () => {
    const dock = new DockProgress()
    expect(dock.update([at(testJob(), 1, 100), at(testJob(), 0, 300)])).toBeCloseTo(0.25)
  })

  it('is not there while nothing runs, also when something waits', () => {
    const dock = new DockProgress()
    expect(dock.update([])).toBeNull()
    expect(dock.update([testJob(), testJob({ state: { kind: 'done' } })])).toBeNull()
  })

  it('stops at 99 % until the last job has ended', () => {
    const job = testJob()
    const dock = new DockProgress()
    expect(dock.update([at(job, 1, 100)])).toBe(0.99)
    expect(dock.update([{ ...job, state: { kind: 'done' } }])).toBeNull()
  })

  it('never goes back while the same jobs go on and end', () => {
    const jobs = [testJob(), testJob(), testJob()]
    const size = fc.integer({ min: 1, max: 1_000_000 })
    fc.assert(
      fc.property(fc.tuple(size, size, size), fc.array(fc.nat(2), { maxLength: 60 }), (sizes, steps) => {
        const dock = new DockProgress()
        const done = [0, 0, 0]
        let last = 0
        for (const which of steps) {
          done[which] = (done[which] ?? 0) + 1
          const now = jobs.map((job, index) =>
            (done[index] ?? 0) > 10
              ? { ...job, state: { kind: 'done' as const } }
              : at(job, (done[index] ?? 0) / 10, sizes[index] ?? 1),
          )
          const shown = dock.update(now)
          if (shown === null) return
          expect(shown).toBeGreaterThanOrEqual(last - 1e-9)
          expect(shown).toBeLessThanOrEqual(0.99)
          last = shown
        }
      }),
    )
  })
})

describe('the Mac', () => {
  it('is kept awake while something is copied, not while everything is paused or waits', () => {
    const paused = testJob({ state: { kind: 'paused', reason: 'user', neededBytes: null, freeBytes: null } })
    const problem = {
      code: 'machine/off' as const,
      message: '',
      severity: 'error' as const,
      params: {},
      remedy: null,
      causes: [],
    }
    const waiting = testJob({ state: { kind: 'waiting', for: 'machine', problem } })
    expect(needsTheMacAwake([testJob(), paused, waiting])).toBe(false)
    expect(needsTheMacAwake([paused, testJob({ state: { kind: 'checking' } })])).toBe(true)
  })

  it('shows how many problems nobody has dismissed', () => {
    const entry = { at: '', machineId: null, subject: '', text: '', jobId: null, problem: null, timeline: [] }
    expect(
      problemCount([
        { ...entry, id: 'a', level: 'problem', dismissed: false },
        { ...entry, id: 'b', level: 'problem', dismissed: true },
        { ...entry, id: 'c', level: 'warning', dismissed: false },
      ]),
    ).toBe(1)
  })
})
