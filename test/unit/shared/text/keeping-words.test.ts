import { describe, expect, test } from 'vitest'
import type { DiskId, PointId } from '../../../../shared/domain/ids.ts'
import type { Damage, Point } from '../../../../shared/domain/point.ts'
import { backupCommand, pruneCommand } from '../../../../shared/text/commands.ts'
import {
  dependentsSentences,
  guardWords,
  keepsNothing,
  keptWords,
  movedSentence,
  pruneSummary,
  usualPolicy,
} from '../../../../shared/text/keeping-words.ts'
import {
  affectedBy,
  betterPoint,
  brokenNeed,
  brokenSentence,
  speakPoint,
  whyNoRestore,
} from '../../../../shared/text/point-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { samplePoint } from './samples.ts'

const style = { now: new Date('2026-11-22T14:00:00Z'), locale: 'en-GB', timeZone: 'UTC' } as const
const id = (name: string) => name.padEnd(12, '0') as PointId
const at = (name: string, createdAt: string, change: Partial<Point> = {}) =>
  samplePoint({ id: id(name), createdAt, ...change })
const bad = { level: 'content', ok: false, at: '2026-11-22T09:00:00Z', damage: [], foundIn: null } as const
const damage = (kind: Damage['kind'], diskId = 'vda'): Damage => ({
  diskId: diskId as DiskId,
  file: 'vda.qcow2',
  kind,
  offset: 0,
  length: 65_536,
  text: 'It is damaged.',
})
const failed = (kind: Damage['kind'], diskId?: string) => ({ ...bad, damage: [damage(kind, diskId)] })
const base = at('base', '2026-11-21T09:00:00Z', { verification: failed('structure') })
const middle = at('middle', '2026-11-21T13:24:00Z', { kind: 'incremental', needs: [base.id] })
const newest = at('newest', '2026-11-22T09:00:00Z', { kind: 'incremental', needs: [middle.id, base.id], adds: 1.2e9 })
const byId = Object.fromEntries([base, middle, newest].map((point) => [point.id, point]))

describe('a point that lies over a damaged one', () => {
  test('names it, and cannot be restored', () => {
    expect(brokenNeed(middle, byId)).toBe(base)
    expect(brokenSentence(middle, base, style)).toBe('Can’t be restored: depends on 09:00')
    expect(brokenSentence(newest, base, style)).toBe('Can’t be restored: depends on yesterday 09:00')
    expect(whyNoRestore(newest, 'T7', base)).toBe('It depends on a damaged point')
    expect(speakPoint(newest, style, 'decimal', base)).toContain('incremental, adds 1.2 gigabytes, can’t be restored')
  })

  test('is not offered instead of the damaged one', () => {
    expect(betterPoint(base, [base, middle, newest])).toBeNull()
    const alone = at('alone', '2026-11-01T09:00:00Z')
    expect(betterPoint(base, [base, middle, newest, alone])).toBe(alone)
  })

  test('is told apart from the damaged one itself, also when the check marked both', () => {
    const marked = { ...middle, verification: { ...bad, damage: [], foundIn: base.id } }
    expect(brokenNeed(marked, byId)).toBe(base)
    expect(brokenNeed(base, byId)).toBeNull()
    expect(brokenNeed({ ...base, needs: [newest.id] }, byId)).toBeNull()
  })

  test.each(['structure', 'size', 'missing'] as const)(
    'breaks when the image below is damaged as a whole: %s',
    (kind) => {
      const below = { ...base, verification: failed(kind) }
      expect(brokenNeed(newest, { ...byId, [base.id]: below })).toBe(below)
      expect(affectedBy(below, [newest, middle, below])).toEqual([newest, middle])
    },
  )

  test('breaks only by an image that is one of its disks', () => {
    const other = { ...base, verification: failed('structure', 'vdb') }
    expect(brokenNeed(newest, { ...byId, [base.id]: other })).toBeNull()
    const all = { ...base, verification: failed('structure', '*') }
    expect(brokenNeed(newest, { ...byId, [base.id]: all })).toBe(all)
  })

  test('breaks when the one below cannot be read', () => {
    const below = { ...base, verification: null, unreadable: 'Its manifest is broken.' }
    expect(brokenNeed(middle, { ...byId, [base.id]: below })).toBe(below)
    expect(affectedBy(below, [middle, below])).toEqual([middle])
  })
})

describe.each(['content', 'index'] as const)('a point that lies over one with %s damage', (kind) => {
  const below = at('below', '2026-11-21T13:24:00Z', { needs: [id('whole')], verification: failed(kind) })
  const shows = at('shows', '2026-11-21T18:00:00Z', {
    needs: [below.id, id('whole')],
    verification: { ...failed(kind), foundIn: below.id },
  })
  const overwrote = at('overwrote', '2026-11-22T09:00:00Z', { needs: [shows.id, below.id, id('whole')] })
  const all = [overwrote, shows, below]
  const known = Object.fromEntries(all.map((point) => [point.id, point]))

  test('can be restored when it wrote over what is damaged', () => {
    expect(brokenNeed(overwrote, known)).toBeNull()
    expect(whyNoRestore(overwrote, 'T7', brokenNeed(overwrote, known))).toBeNull()
  })

  test('cannot when the check marked it, and names where it was found', () => {
    expect(brokenNeed(shows, known)).toBe(below)
    expect(whyNoRestore(shows, 'T7', brokenNeed(shows, known))).toBe('It depends on a damaged point')
  })

  test('counts as affected only when it was found damaged itself', () => {
    expect(affectedBy(below, all)).toEqual([shows])
    const own = { ...overwrote, verification: failed(kind) }
    expect(affectedBy(below, [own, shows, below])).toEqual([own, shows])
  })

  test('may be used instead', () => {
    expect(betterPoint(below, all)).toBe(overwrote)
    expect(betterPoint(shows, all)).toBe(overwrote)
  })
})

describe('keeping', () => {
  test('is explained by the rules that hold a point', () => {
    expect(keptWords(['last', 'daily', 'pinned'])).toBe('Kept: one of the last, newest of its day, pinned')
    expect(guardWords([])).toBeNull()
    expect(guardWords(['pinned', 'last-good'])).toContain('It is pinned. It is the last good')
  })

  test('is summed up in one line', () => {
    const keep = [{ pointId: newest.id, rules: ['last' as const] }]
    const remove = [{ pointId: base.id, reason: 'Older than the last 6.', dependents: [] }]
    const preview = { keep, remove, freedBytes: 12.4e9, movedBytes: 0 }
    expect(pruneSummary(preview, 'decimal', 'en-GB')).toBe('1 kept · 1 goes now · frees 12.4\u00a0GB')
    expect(pruneSummary({ ...preview, movedBytes: 1.2e9 }, 'decimal', 'en-GB')).toBe(
      '1 kept · 1 goes now · frees 12.4\u00a0GB · writes 1.20\u00a0GB first',
    )
    expect(pruneSummary({ ...preview, remove: [], freedBytes: 0 })).toBe('1 kept · none goes now')
  })

  test('nothing at all is noticed', () => {
    expect(keepsNothing({ last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 })).toBe(true)
    expect(keepsNothing(usualPolicy)).toBe(false)
  })

  test('has its command', () => {
    expect(pruneCommand('debian-dev', 'Samsung T7', usualPolicy)).toBe(
      "floe prune debian-dev --to 'Samsung T7' --keep-last 6 --keep-daily 7 --keep-weekly 4 --keep-monthly 6",
    )
    const plain = { machine: 'm', destination: null, disks: null, limit: null }
    expect(backupCommand({ ...plain, full: true, prove: true })).toBe('floe backup m --full --prove')
  })
})

describe('deleting', () => {
  test('says what becomes of those that lie over a point', () => {
    const entry = { pointId: base.id, dependents: [middle.id, newest.id] }
    expect(dependentsSentences([entry], byId, style)).toEqual([
      'Yesterday 09:00 is needed by 2 newer points. Its data moves into Yesterday 13:24 first.',
    ])
    expect(dependentsSentences([{ ...entry, dependents: [] }], byId, style)).toEqual([])
  })

  test('says it once for all whose data moves into the same one', () => {
    const entries = [base.id, middle.id].map((pointId) => ({ pointId, dependents: [newest.id] }))
    const into = dependentsSentences(entries.slice(0, 1), byId, style)[0]?.replace(/^.* moves into /, '')
    expect(dependentsSentences(entries, byId, style)).toEqual([
      `2 of them are needed by newer points. Their data moves into ${into}`,
    ])
  })

  test('says what has to be written for it', () => {
    expect(movedSentence(6e9, 'decimal', 'en-GB')).toBe(
      'For that 6.00\u00a0GB are written first, which takes about 1 minute.',
    )
    expect(movedSentence(0)).toBeNull()
  })
})

describe('after a backup that failed', () => {
  const gone = {
    code: 'backup/machine-gone',
    message: '',
    params: {},
    severity: 'error',
    remedy: null,
    causes: [],
  } as const
  const body = (context: object) => describeProblem({ ...gone, causes: [] }, context).body

  test('the words about tracking are true when QEMU has ended', () => {
    expect(body({ firstFull: true })).toContain('starts from the beginning')
    expect(body({ firstFull: false })).toContain('without saved tracking it compares')
    expect(body({ firstFull: false })).not.toContain('still tracked')
  })
})
