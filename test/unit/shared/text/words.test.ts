import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { AgentState, MachineState } from '../../../../shared/domain/machine.ts'
import {
  backupCommand,
  deleteCommand,
  newImageCommand,
  shellQuote,
  swapCommand,
} from '../../../../shared/text/commands.ts'
import {
  cancelQuestion,
  describeJob,
  describeProgress,
  percentOf,
  phaseLabel,
  speakProgress,
} from '../../../../shared/text/job-words.ts'
import {
  machineBanner,
  machineSubtitle,
  machineTrailing,
  readiness,
  socketOption,
} from '../../../../shared/text/machine-words.ts'
import {
  betterPoint,
  deleteButton,
  speakPoint,
  verifiedMark,
  whyNoRestore,
} from '../../../../shared/text/point-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { sampleJob, sampleMachine, samplePoint } from './samples.ts'

const now = new Date('2026-11-22T14:02:30Z')
const style = { now, locale: 'en-GB', timeZone: 'UTC' } as const

describe('a job', () => {
  test('that copies says bytes, rate, percent and time left', () => {
    expect(describeProgress(sampleJob(), style)).toEqual({
      bytes: '4.03 of 9.60\u00a0GB copied',
      rate: '186\u00a0MB/s',
      percent: '42\u00a0%',
      eta: 'about 30 seconds left',
    })
    expect(speakProgress(sampleJob(), style)).toBe(
      'Backup of debian-dev, 42 percent, 4.03 of 9.6 gigabytes, about 30 seconds left',
    )
  })

  test('that is paused has no time left and says where it stands', () => {
    const job = sampleJob({ state: { kind: 'paused', reason: 'user', neededBytes: null, freeBytes: null } })
    expect(describeJob(job, style).title).toBe('Paused at 42\u00a0%')
    expect(describeProgress(job, style)).toMatchObject({ eta: null, rate: null })
  })

  test('that has only empty areas left says so', () => {
    const sample = sampleJob()
    const progress = sample.progress === null ? null : { ...sample.progress, doneBytes: sample.progress.totalBytes }
    expect(describeProgress({ ...sample, progress }, style)?.eta).toBe('Skipping empty areas')
  })

  test('that checks says what it read back', () => {
    const job = sampleJob({
      state: { kind: 'checking' },
      checked: { doneBytes: 2_100_000_000, totalBytes: 9_600_000_000 },
    })
    expect(describeProgress(job, style)?.percent).toBe('Checking 2.10 of 9.60\u00a0GB')
  })

  test('that waits says its place and when it starts', () => {
    const first = sampleJob({ id: 'job000000002' as JobId })
    const state: Job['state'] = { kind: 'queued', position: 1, blockedBy: first.id }
    expect(describeJob(sampleJob({ state }), { ...style, jobs: [first] }).line).toBe(
      'Next for Samsung T7, starts in about 30 seconds',
    )
    expect(describeJob(sampleJob({ state: { ...state, position: 3 } }), style).line).toBe(
      '3rd for Samsung T7; starts by itself',
    )
  })

  test('shows 100 % only when it is done', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (fraction) => {
        const progress = { doneBytes: 1, totalBytes: 1, fraction, bytesPerSecond: null, secondsLeft: null }
        expect(percentOf(sampleJob({ progress }))).toBeLessThanOrEqual(99)
      }),
    )
    expect(percentOf(sampleJob({ state: { kind: 'done' } }))).toBe(100)
  })

  test('that is done says how long it took and what it added', () => {
    const job = sampleJob({
      state: { kind: 'done' },
      finishedAt: '2026-11-22T14:02:52Z',
      result: { pointId: null, restoreId: null, images: [], ok: true, bytes: 9_600_000_000 },
    })
    expect(describeJob(job, style)).toEqual({
      title: 'Backed up in 52\u00a0s',
      line: '9.60\u00a0GB added',
      tone: 'done',
    })
  })

  test('that verified and found damage is a problem, not a success', () => {
    const result = { pointId: null, restoreId: null, images: [], ok: false, bytes: 0 }
    expect(describeJob(sampleJob({ kind: 'verify', state: { kind: 'done' }, result }), style)).toMatchObject({
      title: 'Damage found',
      tone: 'problem',
    })
  })

  test('asks before it throws copied data away', () => {
    expect(cancelQuestion(sampleJob(), style)).toEqual({
      title: 'Cancel the backup of debian-dev?',
      body: '4.03\u00a0GB is already copied and will be removed. Your other restore points stay. The next backup starts from the beginning.',
      keep: 'Keep Backing Up',
      cancel: 'Cancel Backup',
    })
  })

  test('says so when a phase was skipped', () => {
    expect(phaseLabel({ name: 'frozen', state: 'skipped', label: null })).toBe('Not frozen')
    expect(phaseLabel({ name: 'frozen', state: 'done', label: 'Frozen 84 ms' })).toBe('Frozen 84 ms')
  })
})

describe('a machine', () => {
  test('shows its job first, then its last good point', () => {
    expect(machineTrailing(sampleMachine(), [sampleJob()], now)).toMatchObject({ text: '42\u00a0%', icon: 'ring' })
    expect(machineTrailing(sampleMachine(), [], now)).toMatchObject({ text: '5\u00a0h ago' })
    expect(machineTrailing(sampleMachine({ lastGoodPoint: null }), [], now)).toMatchObject({
      text: 'Never',
      tone: 'warning',
    })
  })

  test.each([
    ['comparing', 'Comparing'],
    ['proving', 'Proving'],
    ['checking', 'Checking'],
  ] as const)('whose backup is %s shows what is read, never a copied share', (kind, text) => {
    const checked = { doneBytes: 2_100_000_000, totalBytes: 9_600_000_000 }
    const trailing = machineTrailing(sampleMachine(), [sampleJob({ state: { kind }, checked })], now)
    expect(trailing).toMatchObject({ text, icon: 'ring', spoken: `${text.toLowerCase()}, 21 percent read` })
    expect(trailing.fraction).toBeCloseTo(0.21875)
  })

  test('whose backup begins to compare says so, before anything is counted', () => {
    const progress = { doneBytes: 0, totalBytes: 0, fraction: 0, bytesPerSecond: null, secondsLeft: null }
    const plan = { kind: 'incremental', basis: 'comparison', reason: '', endBytes: 0 } as const
    const job = sampleJob({ state: { kind: 'comparing' }, progress, plan })
    expect(machineTrailing(sampleMachine(), [job], now)).toMatchObject({ text: 'Comparing', spoken: 'comparing' })
    expect(describeProgress(job, style)).toEqual({ bytes: 'Comparing', rate: null, percent: null, eta: null })
    expect(speakProgress(job, style)).toBe('Backup of debian-dev, comparing')
  })

  test('says how long it runs and on what', () => {
    expect(machineSubtitle(sampleMachine(), style)).toBe('Running for 3 days · QEMU 7.2.22, HVF')
    expect(machineSubtitle(sampleMachine({ state: { kind: 'off', since: '2026-11-22T14:10:00Z' } }), style)).toBe(
      'Off · last seen today 14:10',
    )
  })

  test('promises freezing only when its agent answered, and never change tracking', () => {
    const textsOf = (agent: AgentState) =>
      readiness(sampleMachine({ agent }), { now })
        .map((item) => `${item.text} ${item.hint}`)
        .join(' ')
    const others: readonly AgentState[] = [
      { kind: 'none', options: '' },
      { kind: 'unknown' },
      { kind: 'silent', since: '2026-11-22T14:00:00Z' },
      { kind: 'unreachable', text: 'The socket is missing.' },
      { kind: 'ready', answeredAt: '2026-11-22T14:00:00Z', version: null, canFreeze: false },
    ]
    for (const agent of others) expect(textsOf(agent)).not.toMatch(/tracking|frozen|agent ready/i)
    const ready: AgentState = { kind: 'ready', answeredAt: '2026-11-22T14:00:00Z', version: '7.2.22', canFreeze: true }
    expect(textsOf(ready)).toContain('Guest agent ready It answered 2 minutes ago.')
    expect(readiness(sampleMachine({ agent: ready }), { now, freeze: false }).map((item) => item.text)).toContain(
      'Freezing is off',
    )
  })

  const states: readonly MachineState[] = [
    { kind: 'guest-paused', status: 'io-error' },
    { kind: 'busy', program: 'virsh', pid: 12 },
    { kind: 'no-socket', option: '-qmp unix:/x', reason: 'none' },
    { kind: 'no-permission', user: 'root', command: 'sudo chown x' },
    { kind: 'silent' },
    { kind: 'not-qmp', speaks: 'hmp' },
    { kind: 'not-qemu', engine: 'Apple Virtualization', launcher: 'Lima' },
    { kind: 'unplugged', path: '/Volumes/T7/x.qcow2' },
  ]
  test.each(states)('that is $kind says why and what to do', (state) => {
    const banner = machineBanner(sampleMachine({ state, name: 'a-machine-with-a-remarkably-long-name-for-its-size' }))
    expect(banner?.title.length).toBeLessThanOrEqual(60)
    expect(banner?.body).toMatch(/\.$/)
    expect(machineTrailing(sampleMachine({ state }), [], now).spoken).not.toBe('')
  })

  test('offers a socket of its own whatever its name is', () => {
    expect(socketOption({ name: 'my machine, 2', endpoint: null })).toBe(
      '-qmp unix:$HOME/.qmp/my-machine-2-floe.sock,server=on,wait=off',
    )
  })
})

describe('a restore point', () => {
  test('is spoken in whole words', () => {
    expect(speakPoint(samplePoint(), style)).toBe(
      'Yesterday 21:00, full, adds 1.2 gigabytes, crash-consistent, checked',
    )
  })

  test('is green only with evidence', () => {
    expect(verifiedMark(samplePoint()).tone).toBe('neutral')
    expect(verifiedMark(samplePoint({ index: { kind: 'none' } })).text).toBe('Not checked')
    const damaged = samplePoint({
      verification: { level: 'content', ok: false, at: '2026-11-22T09:00:00Z', damage: [], foundIn: null },
    })
    expect(verifiedMark(damaged)).toMatchObject({ text: 'Damaged', tone: 'problem' })
    expect(whyNoRestore(damaged, 'T7')).toBe('This point is damaged')
  })

  test('that is damaged has a neighbour to use instead', () => {
    const damaged = samplePoint({ unreadable: 'Its manifest is broken.' })
    const near = samplePoint({ id: 'point0000002' as typeof damaged.id, createdAt: '2026-11-21T09:00:00Z' })
    expect(betterPoint(damaged, [damaged, near])?.id).toBe(near.id)
    expect(betterPoint(damaged, [damaged])).toBeNull()
  })

  test('names what deleting frees', () => {
    expect(deleteButton(2, 2_400_000_000, 'decimal', 'en-GB')).toBe('Delete 2 Points, Free 2.40\u00a0GB')
  })
})

describe('a drive that is away', () => {
  const away = (lastSeen: string | null) =>
    describeProblem(
      {
        code: 'destination/missing',
        message: 'It is not there.',
        params: { name: 'T7', lastSeen },
        severity: 'error',
        remedy: null,
        causes: [],
      },
      { now: new Date('2026-11-23T12:00:00Z'), locale: 'en-GB' },
    ).body

  test('was last seen at a moment that people can read', () => {
    expect(away('2026-11-22T12:00:00Z')).toMatch(/Last seen yesterday \d\d:00\.$/)
    expect(away('before lunch')).toContain('Last seen before lunch.')
    expect(away(null)).not.toContain('Last seen')
  })
})

describe('a command', () => {
  test('equals the action, quoted for a shell', () => {
    expect(backupCommand({ machine: 'debian-dev', destination: 'Samsung T7', disks: ['vda'], limit: 50_000_000 })).toBe(
      "floe backup debian-dev --to 'Samsung T7' --disk vda --limit 50M",
    )
    expect(
      backupCommand({
        machine: 'my vm',
        destination: null,
        disks: null,
        limit: null,
        check: false,
        freeze: 'never',
        whenPossible: true,
      }),
    ).toBe("floe backup 'my vm' --no-check --no-freeze --when-possible")
    expect(
      backupCommand({ machine: 'm', destination: null, disks: null, limit: null, check: true, freeze: 'required' }),
    ).toBe('floe backup m --require-freeze')
    expect(swapCommand('point0000001')).toBe('floe restore point0000001 --swap')
    expect(newImageCommand('p', '/tmp/a b', 'raw')).toBe("floe restore p --to '/tmp/a b' --format raw")
    expect(deleteCommand(['a', 'b'])).toBe('floe delete a b')
  })

  test('survives any word: what a shell reads back is what went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (word) => {
        const quoted = shellQuote(word)
        const read = /^'/.test(quoted)
          ? quoted.replaceAll("'\\''", '\u0000').slice(1, -1).replaceAll('\u0000', "'")
          : quoted
        expect(read).toBe(word)
      }),
    )
  })
})
