// The words of the problems that a backup really makes, as they come out of its end: told to somebody who reads the
// whole text, so nothing may be said twice, and nothing about the unfinished copy that is not so.
import { describe, expect, test } from 'vitest'
import {
  type BackupPlace,
  checkFailed,
  destinationFull,
  destinationRemoved,
  diskUnplugged,
  guestWriteFailed,
  interrupted,
  machineGone,
  notProven,
  notRecorded,
  proofFailed,
  readError,
  refused,
  writeError,
} from '../../../../electron/core/backup/problems.ts'
import { scratchFull, snapshotLost } from '../../../../electron/core/backup/scratch-watch.ts'
import { notHeld } from '../../../../electron/core/backup/take-instant.ts'
import { transition } from '../../../../electron/core/backup/transition.ts'
import { toProblem } from '../../../../electron/core/errors.ts'
import { QmpExecuteError } from '../../../../electron/core/qmp/errors.ts'
import type { DiskId } from '../../../../shared/domain/ids.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'

const place: BackupPlace = { machineName: 'Mmm', destinationName: 'Ddd', pid: 7 }
const done = { doneBytes: 1_000_000, totalBytes: 3_000_000 }
const damage = {
  diskId: 'vda' as DiskId,
  file: 'f',
  kind: 'content',
  offset: 65_536,
  length: 512,
  text: 'Bytes differ.',
} as const
const look = { use: { usedBytes: 5, limitBytes: 4 }, freeBytes: 9, totalBytes: 90 }
const eio = 'Input/output error'
const asked = (text: string) => new QmpExecuteError('blockdev-backup', 'GenericError', text)

const made: Readonly<Record<string, Problem>> = Object.fromEntries(
  Object.entries({
    'QEMU ended': machineGone(place, new Date('2026-11-23T10:00:00Z'), done),
    'the drive is full': destinationFull(place, done),
    'the drive was taken away': destinationRemoved(place, '/d/x', new Error('ENOENT')),
    'a write failed, as QEMU says': writeError(place, 'vda', eio),
    'a write failed, and the copy stopped': writeError(place, 'vda', null),
    'a write of the guest failed, as QEMU says': guestWriteFailed(place, eio),
    'a write of the guest failed': guestWriteFailed(place, null),
    'a read failed, as QEMU says': readError(place, 'vda', eio),
    'a read failed, and the copy stopped': readError(place, 'vda', null),
    'a disk was unplugged': diskUnplugged(place, 'vda'),
    'a copy was cancelled from outside': interrupted(place, 'the copy of vda was cancelled from outside Floe.'),
    'nothing could be recorded': notRecorded(place, new Error('EROFS: read-only file system')),
    'the check failed': checkFailed(place, new Error('Bytes differ.')),
    'the proof could not be made': notProven(place),
    'the proof failed': proofFailed(place, [damage]),
    'the scratch room ran out': scratchFull(place, '/s', look),
    'the instant was lost with its scratch image': snapshotLost(place, 'vda', { text: eio, scratch: true }),
    'the instant was lost to the destination': snapshotLost(place, 'vda', { text: eio, scratch: false }),
    'the freeze did not hold': notHeld(place, 'Something thawed Mmm before Floe did.'),
    'QEMU refused': refused(place, asked('Device has no medium')),
    'another job is there': refused(place, asked("Node 'n' is busy: block device is in use by block job: mirror")),
    'another program has the image': refused({ ...place, off: true }, asked('Failed to get "write" lock')),
  }).map(([name, error]) => [name, error instanceof Error ? toProblem(error) : error]),
)

/** The problem as a backup ends with it. */
function ended(problem: Problem, event: 'discarded' | 'discard-failed'): Problem {
  const happened = event === 'discarded' ? { event } : { event, problem }
  const options = { diskCount: 1, check: false, compares: false, proves: false, unseen: null }
  const { state } = transition({ state: 'discarding', ending: { kind: 'failed', problem } }, happened, options)
  if (state.state !== 'ended' || state.ending.kind !== 'failed') throw new Error(`It did not end: ${state.state}`)
  return state.ending.problem
}

/** Words that carry no news: small ones, and what all these texts are about. */
const light = new Set([
  'restore',
  'point',
  'that',
  'this',
  'with',
  'from',
  'they',
  'them',
  'your',
  'have',
  'been',
  'were',
  'than',
  'does',
])

function weighty(sentence: string): Set<string> {
  const words =
    sentence
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[a-z'-]{4,}/g) ?? []
  return new Set(words.filter((word) => !light.has(word)))
}

/** Pairs of sentences of which the shorter one says hardly anything that the other does not. */
function saidTwice(text: string): string[] {
  const sentences = text.split(/(?<=[.”])\s+/)
  return sentences.flatMap((one, index) =>
    sentences.slice(index + 1).flatMap((other) => {
      const [a, b] = [weighty(one), weighty(other)]
      const shared = [...a].filter((word) => b.has(word)).length
      return shared >= 2 && shared / Math.min(a.size, b.size) > 0.5 ? [`${one} | ${other}`] : []
    }),
  )
}

describe.each(Object.entries(made))('when %s', (_, problem) => {
  test.each(['discarded', 'discard-failed'] as const)('nothing is said twice (%s)', (event) => {
    const told = ended(problem, event)
    for (const context of [{}, { firstFull: false }]) {
      const { title, body } = describeProblem(told, context)
      expect(saidTwice(body), body).toEqual([])
      expect(body.startsWith(title), body).toBe(false)
    }
    expect(saidTwice([told.message, told.remedy ?? ''].join(' '))).toEqual([])
  })

  test('the unfinished copy is called removed only when it was', () => {
    const words = (told: Problem) => `${describeProblem(told).body} ${told.message} ${told.remedy ?? ''}`
    const claim = /copy (is|was) removed/
    expect(words(problem)).not.toMatch(claim)
    expect(words(ended(problem, 'discard-failed'))).not.toMatch(claim)
  })
})

test('what said that two sentences say the same would say so of the words as they were', () => {
  expect(saidTwice('The unfinished copy is removed; other points stay. The unfinished copy was removed.')).toHaveLength(
    1,
  )
  expect(saidTwice('Check the drive and its cable. The drive or cable may be failing.')).toHaveLength(1)
})

test('a guest whose write failed is named, and the destination is not called faulty', () => {
  const { title, body } = describeProblem(ended(toProblem(guestWriteFailed(place, eio)), 'discarded'))
  expect(title).toBe('Mmm couldn’t write during the backup')
  expect(body).toContain('The unfinished copy was removed.')
  expect(body).not.toContain('may be failing')
})

test('a failed write to the destination is told once', () => {
  const stopped = writeError(place, 'vda', null)
  expect(describeProblem(ended(toProblem(stopped), 'discarded'))).toMatchObject({
    title: 'Ddd reported a write error',
    body: 'Writing to Ddd failed. The drive or cable may be failing. The unfinished copy was removed.',
  })
  expect(describeProblem(ended(toProblem(stopped), 'discard-failed')).body).toBe(
    'Writing to Ddd failed. The drive or cable may be failing. The unfinished copy couldn’t be removed; it doesn’t count as a restore point.',
  )
})

test('a point that could not be proven is not called damaged', () => {
  const { title, body } = describeProblem(toProblem(notProven(place)))
  expect(`${title} ${body}`).not.toMatch(/damaged|didn’t pass/)
})
