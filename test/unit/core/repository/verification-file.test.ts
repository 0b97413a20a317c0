import { describe, expect, it } from 'vitest'
import { joined, keptVerdict, replaces } from '../../../../electron/core/repository/verification-file.ts'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Verification } from '../../../../shared/domain/point.ts'
import { freshId } from '../../../support/core.ts'

const verdict = (level: Verification['level'], ok: boolean, at = '2026-01-02T00:00:00.000Z'): Verification => ({
  level,
  ok,
  at,
  damage: [],
  foundIn: null,
})

describe('which verdict on a point is kept', () => {
  it('is never a sound structure in place of what is known of the content', () => {
    for (const level of ['content', 'live'] as const) {
      for (const ok of [true, false]) expect(replaces(verdict('structure', true), verdict(level, ok))).toBe(false)
    }
  })

  it('is never a broken structure in place of content that was found damaged', () => {
    for (const level of ['content', 'live'] as const) {
      expect(replaces(verdict('structure', false), verdict(level, false))).toBe(false)
    }
    expect(replaces(verdict('structure', true), verdict('structure', false))).toBe(true)
  })

  it('is the newest otherwise, damage above all', () => {
    for (const level of ['structure', 'content', 'live'] as const) {
      expect(replaces(verdict('structure', false), verdict(level, true))).toBe(true)
      expect(replaces(verdict('content', true), verdict(level, false))).toBe(true)
      expect(replaces(verdict('live', true), verdict(level, false))).toBe(true)
      expect(replaces(verdict(level, true), null)).toBe(true)
    }
    expect(replaces(verdict('structure', true), verdict('structure', false))).toBe(true)
  })

  it('stays “compared with the machine” when the content is read back and matches', () => {
    const later = '2026-02-02T00:00:00.000Z'
    expect(keptVerdict(verdict('content', true, later), verdict('live', true))).toEqual(verdict('live', true, later))
    expect(keptVerdict(verdict('content', true, later), verdict('live', false))).toEqual(
      verdict('content', true, later),
    )
    expect(keptVerdict(verdict('content', false, later), verdict('live', true)).level).toBe('content')
    expect(keptVerdict(verdict('content', true, later), verdict('content', true)).level).toBe('content')
    expect(keptVerdict(verdict('content', true, later), null).level).toBe('content')
  })
})

it('the mark of another point stays its own on a point without an index, broken structure or not, or nothing would clear it', () => {
  const foundIn = freshId<PointId>()
  const mark = { ...verdict('content', false), foundIn }
  const broken = verdict('structure', false)
  expect(joined(mark, broken, { index: { kind: 'none' } }).foundIn).toBe(foundIn)
  expect(joined(mark, broken, { index: { kind: 'complete' } }).foundIn).toBeNull()
})
