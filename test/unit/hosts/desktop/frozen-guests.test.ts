import { expect, test } from 'vitest'
import { FrozenGuests } from '../../../../electron/hosts/desktop/frozen-guests.ts'
import { sampleMachine } from '../../shared/text/samples.ts'

test('a guest that may be frozen is told once, and again when it happens again', () => {
  const guests = new FrozenGuests()
  const since = (mayBeFrozenSince: string | null) => [sampleMachine({ mayBeFrozenSince })]
  expect(guests.update(since(null))).toEqual([])
  expect(guests.update(since('2026-11-22T14:00:00Z'))).toHaveLength(1)
  expect(guests.update(since('2026-11-22T14:00:00Z'))).toEqual([])
  expect(guests.update(since(null))).toEqual([])
  expect(guests.update(since('2026-11-22T15:00:00Z'))).toHaveLength(1)
})
