import { describe, expect, it } from 'vitest'
import { obstacleOf } from '../../../../electron/core/backup/obstacles.ts'
import { FloeError } from '../../../../electron/core/errors.ts'

describe('what may pass by itself', () => {
  it.each([
    ['destination/missing', 'destination'],
    ['destination/locked', 'destination'],
    ['machine/off', 'machine'],
    ['machine/busy', 'monitor'],
    ['machine/interrupted', 'monitor'],
    ['backup/job-clash', 'disk-job'],
  ] as const)('%s is waited for', (code, what) => {
    expect(obstacleOf(new FloeError(code, 'So it is.'))).toMatchObject({
      kind: 'waiting',
      for: what,
      problem: { code },
    })
  })

  it.each(['destination/full', 'destination/read-only', 'machine/unknown', 'backup/no-disks'] as const)(
    '%s is not',
    (code) => {
      expect(obstacleOf(new FloeError(code, 'So it is.'))).toBeNull()
    },
  )

  it('an unknown error is not', () => {
    expect(obstacleOf(new Error('Whatever.'))).toBeNull()
  })
})
