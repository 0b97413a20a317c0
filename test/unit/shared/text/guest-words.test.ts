import { describe, expect, test } from 'vitest'
import type { FreezeCause, Job } from '../../../../shared/domain/job.ts'
import type { PointFreeze } from '../../../../shared/domain/point.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import {
  consistencyCounts,
  consistencyHint,
  consistencyMark,
  speakConsistency,
  worthSentence,
} from '../../../../shared/text/consistency-words.ts'
import { cancelQuestion, describeJob, impactWords, isUnderWay, wayNote } from '../../../../shared/text/job-words.ts'
import {
  canBackUp,
  frozenAlarm,
  machineSubtitle,
  machineTrailing,
  pageSubtitle,
  whyNoBackup,
} from '../../../../shared/text/machine-words.ts'
import { speakPoint } from '../../../../shared/text/point-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { sampleJob, sampleMachine, samplePoint } from './samples.ts'

const now = new Date('2026-11-22T14:02:30Z')
const style = { now, locale: 'en-GB', timeZone: 'UTC' } as const
const freeze: PointFreeze = {
  heldMs: 92,
  confirmedAfterMs: 41,
  fileSystems: [
    { mountpoint: '/', type: 'ext4' },
    { mountpoint: '/home', type: 'xfs' },
  ],
}
const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  code,
  message: 'A finished sentence.',
  params,
  severity: 'error',
  remedy: null,
  causes: [],
})
const waiting = (reason: 'destination' | 'machine' | 'monitor' | 'disk-job', what: Problem): Job =>
  sampleJob({ state: { kind: 'waiting', for: reason, problem: what }, progress: null, startedAt: null })

describe('a restore point’s consistency', () => {
  const frozen = samplePoint({ consistency: 'frozen', consistencyReason: null, freeze })

  test('that is frozen says for how long, in which file systems, and how fast that was confirmed', () => {
    expect(consistencyMark(frozen)).toEqual({ text: 'Frozen 92\u00a0ms', tone: 'neutral', icon: 'frozen' })
    expect(consistencyHint(frozen)).toBe('Frozen in the guest: / (ext4), /home (xfs). Confirmed after 41\u00a0ms.')
    expect(speakConsistency(frozen)).toBe('frozen 92 milliseconds')
    expect(speakPoint(frozen, style)).toContain(', frozen 92 milliseconds, ')
  })

  test('of some file systems names those, and claims nothing of the others', () => {
    const some = samplePoint({
      consistency: 'frozen',
      consistencyReason: null,
      freeze: {
        ...freeze,
        fileSystems: [
          { mountpoint: '/data', type: 'ext4' },
          { mountpoint: '/srv', type: '' },
        ],
        partial: true,
      },
    })
    expect(worthSentence(frozen)).toBe('The guest’s file systems were clean at this instant.')
    expect(worthSentence(some)).toBe(
      'Clean at this instant: /data (ext4), /srv. Others were not frozen; for them this is like after a power cut.',
    )
    expect(consistencyHint(some)).toContain('Frozen in the guest: /data (ext4), /srv. Others were not frozen.')
    const untold = samplePoint({ consistency: 'frozen', freeze: { ...freeze, fileSystems: [], partial: true } })
    expect(worthSentence(untold)).toBe(
      'Some of the guest’s file systems were clean at this instant; it did not tell which. Others were not frozen; for them this is like after a power cut.',
    )
  })

  test('that stood still for more than a second is amber', () => {
    const long = samplePoint({ consistency: 'frozen', freeze: { ...freeze, heldMs: 1400 } })
    expect(consistencyMark(long)).toMatchObject({ text: 'Frozen 1.4\u00a0s', tone: 'warning' })
  })

  test('that is not frozen says why, and what that means once', () => {
    const crash = samplePoint({ consistencyReason: 'The guest agent did not answer.' })
    expect(consistencyHint(crash)).toBe(
      'The guest agent did not answer. Like after a power cut: the guest repairs its journal on first boot.',
    )
    expect(worthSentence(samplePoint({ consistencyReason: 'Freezing was switched off.' }))).toBe(
      'Freezing was switched off. Like after a power cut: the guest repairs its journal on first boot.',
    )
    const earlier = 'Freezing was switched off, so this is like after a power cut.'
    expect(worthSentence(samplePoint({ consistencyReason: earlier }))).toBe(earlier)
  })

  test('is counted for several points', () => {
    expect(consistencyCounts([frozen, frozen, samplePoint(), samplePoint({ consistency: 'offline' })])).toBe(
      '2 frozen, 1 offline, 1 crash-consistent',
    )
  })
})

describe('a waiting backup', () => {
  test('for a drive starts when it is connected', () => {
    const job = waiting('destination', problem('destination/missing', { lastSeen: '2026-11-21T18:40:00Z' }))
    expect(describeJob(job, style)).toEqual({
      title: 'Waiting for Samsung T7',
      line: 'Starts by itself when you connect it. Last seen yesterday 18:40.',
      tone: 'waiting',
    })
    expect(isUnderWay(job.state)).toBe(false)
  })

  test('for another job names the disk and what QEMU says', () => {
    const job = waiting('disk-job', problem('backup/job-clash', { disk: 'vda', text: 'Node is busy' }))
    expect(describeJob(job, style)).toMatchObject({
      title: 'Waiting for another job on vda',
      line: 'QEMU says: “Node is busy”. Starts by itself when that job is done.',
    })
  })

  test('for a busy monitor names the program', () => {
    const job = waiting('monitor', problem('machine/busy', { program: 'virsh', pid: 812 }))
    expect(describeJob(job, style)).toMatchObject({
      title: 'Waiting for debian-dev to be free',
      line: 'virsh (pid 812) uses its QMP socket. The backup starts by itself when it is free.',
    })
  })

  test('names another program’s job by disk, job and kind, as it was found', () => {
    const message = 'The disk vda of debian-dev is in use by the mirror job "mirror0" of another program.'
    const found = { ...problem('backup/job-clash', { disk: 'vda', job: 'mirror0', type: 'mirror' }), message }
    expect(describeJob(waiting('disk-job', found), style).line).toBe(
      `${message} Starts by itself when that job is done.`,
    )
    expect(describeProblem(found)).toMatchObject({
      title: 'Another job is using vda',
      body: `${message} Start when it is done, or leave this disk out.`,
    })
  })

  test('for a machine that says nothing waits for its answer', () => {
    expect(describeJob(waiting('monitor', problem('machine/silent')), style).title).toBe(
      'Waiting for debian-dev to answer',
    )
  })

  test('for a machine that is off starts with it', () => {
    expect(describeJob(waiting('machine', problem('machine/off')), style).title).toBe('Waiting for debian-dev to run')
  })
})

describe('a backup and its guest', () => {
  test('says what the guest’s writes take now and before, and that it was slowed down', () => {
    expect(impactWords({ writeMs: 2.7, idleMs: 1.9, slowed: false })).toBe(
      'Guest writes 2.7\u00a0ms, 1.9\u00a0ms before',
    )
    expect(impactWords({ writeMs: 12.3, idleMs: null, slowed: true })).toBe(
      'Guest writes 12\u00a0ms · slowed down for the guest',
    )
    expect(impactWords({ writeMs: null, idleMs: 2, slowed: false })).toBeNull()
    expect(impactWords(null)).toBeNull()
  })

  test('says where the guest’s old data waits', () => {
    const way = { way: 'fleecing', reason: 'A slow destination cannot hold up the guest.' } as const
    const scratch = { usedBytes: 12_000_000, limitBytes: 2_000_000_000 }
    expect(wayNote({ way, scratch })).toBe(
      'The guest’s old data waits in a scratch image: 12.0\u00a0MB of 2.00\u00a0GB',
    )
    expect(wayNote({ way: { way: 'push', reason: '' }, scratch: null })).toContain('without a scratch image')
    expect(wayNote({ way: null, scratch: null })).toBeNull()
  })

  const done = (instant: Job['instant']) =>
    sampleJob({
      state: { kind: 'done' },
      finishedAt: '2026-11-22T14:02:52Z',
      instant,
      result: { pointId: null, restoreId: null, images: [], ok: true, bytes: 9_600_000_000 },
    })
  const crash = (cause: FreezeCause, reason: string) =>
    describeJob(done({ consistency: 'crash-consistent', freeze: null, reason, cause, pausedMs: null }), style)

  test('ends with how long it was frozen', () => {
    const job = done({ consistency: 'frozen', freeze, reason: null, cause: null, pausedMs: 3 })
    expect(describeJob(job, style)).toMatchObject({
      title: 'Backed up in 52\u00a0s',
      line: '9.60\u00a0GB added, frozen 92\u00a0ms',
    })
  })

  test('says that it was not frozen and why, but not as news when that was wished', () => {
    expect(crash('no-answer', 'The guest agent didn’t answer.')).toMatchObject({
      title: 'Backed up, not frozen',
      line: '9.60\u00a0GB added in 52\u00a0s. The guest agent didn’t answer. The point is like after a power cut: the guest repairs its journal on first boot.',
    })
    expect(crash('not-wanted', 'Freezing was switched off.')).toMatchObject({
      title: 'Backed up in 52\u00a0s',
      line: '9.60\u00a0GB added, not frozen',
    })
  })

  test('that stands still says for how long', () => {
    const job = sampleJob({ stalledSince: '2026-11-22T13:59:20Z' })
    expect(describeJob(job, style)).toMatchObject({ title: 'No progress for 3 minutes', tone: 'problem' })
    const just = sampleJob({ stalledSince: '2026-11-22T14:02:00Z' })
    expect(describeJob(just, style).title).toBe('No progress for 2 minutes')
  })

  test('is cancelled before anything was copied without speaking of a partial copy', () => {
    const job = sampleJob({ state: { kind: 'cancelled' }, progress: null })
    expect(describeJob(job, style)).toMatchObject({ title: 'Cancelled', line: 'No data was copied.' })
  })

  test('is cancelled with a word on the partial copy that is true', () => {
    const line = (state: Job['state']) => describeJob(sampleJob({ state }), style).line
    expect(line({ kind: 'cancelled' })).toContain('The partial copy was removed.')
    expect(line({ kind: 'cancelled', partialRemoved: false })).toContain('The partial copy couldn’t be removed;')
    expect(line({ kind: 'cancelled', partialRemoved: false })).not.toContain('was removed')
  })
})

test('an export is ended in its own words', () => {
  const job = sampleJob({
    kind: 'export',
    state: { kind: 'holding' },
    export: { socketPath: '/run/x.sock', at: '2026-11-22T14:02:03Z', disks: [] },
  })
  expect(describeJob(job, style)).toMatchObject({
    title: 'Export of debian-dev',
    line: 'Its disks as they were at 14:02 are held for other programs to read.',
  })
  expect(cancelQuestion(job, style)).toMatchObject({ cancel: 'End Export', title: 'End the export of debian-dev?' })
})

describe('a guest that may still be frozen', () => {
  const frozen = sampleMachine({ mayBeFrozenSince: '2026-11-22T14:02:18Z' })

  test('is said before anything else, with the time since', () => {
    expect(machineTrailing(frozen, [sampleJob()], now)).toMatchObject({
      icon: 'problem',
      spoken: 'may still be frozen',
    })
    expect(machineSubtitle(frozen, style)).toBe('May still be frozen')
    expect(frozenAlarm(frozen, now.getTime())).toMatchObject({
      title: 'debian-dev may still be frozen',
      since: '12 seconds',
    })
    expect(frozenAlarm(frozen, now.getTime() + 120_000)?.since).toBe('2 minutes 12 seconds')
    expect(frozenAlarm(frozen, now.getTime() - 60_000)?.since).toBe('a moment')
    expect(frozenAlarm(sampleMachine(), now.getTime())).toBeNull()
  })
})

test('a machine that is off can be backed up once its images are known', () => {
  const off = sampleMachine({ state: { kind: 'off', since: null }, disks: [] })
  expect(whyNoBackup(off)).toContain('Start it once')
  expect(canBackUp(off)).toBe(false)
  expect(pageSubtitle(off, style)).not.toContain('directly')
})
