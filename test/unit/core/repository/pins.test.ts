import { expect, it } from 'vitest'
import { Foundations } from '../../../../electron/core/repository/foundations.ts'
import { Pins } from '../../../../electron/core/repository/pins.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { newPointId } from '../../../support/repository.ts'

const point = { id: newPointId(), createdAt: '2026-03-01T09:00:00.000Z' } as Point

it.each([
  ['going', 'is being deleted', 'another restore point'],
  ['changing', 'are taking over data of earlier points', 'Wait'],
] as const)(
  'a point that is %s is said to be just that, to readers, backups and other deletions',
  (why, words, remedy) => {
    const pins = new Pins()
    const foundations = new Foundations(pins, { find: () => point })
    const seized = pins.seize(point, why)
    const message = expect.stringContaining(words)
    const inUse = expect.objectContaining({ code: 'point/in-use', message })
    expect(() => pins.hold(point)).toThrow(
      expect.objectContaining({ code: 'point/in-use', message, remedy: expect.stringContaining(remedy) }),
    )
    expect(() => pins.seize(point)).toThrow(inUse)
    expect(() => foundations.hold(newPointId(), point)).toThrow(
      expect.objectContaining({ code: 'backup/parent-lost', message }),
    )
    seized[Symbol.dispose]()
    using _held = pins.hold(point)
    expect(() => pins.seize(point)).toThrow(/is being read by a job/)
  },
)
