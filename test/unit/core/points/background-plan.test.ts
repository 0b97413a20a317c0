import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesToRead,
  newLedger,
  nextToVerify,
  tidied,
  type VerifyLedger,
} from '../../../../electron/core/points/background-plan.ts'
import { DestinationId, DiskId, MachineId, PointId } from '../../../../shared/domain/ids.ts'
import { Point, type Verification } from '../../../../shared/domain/point.ts'

const day = 24 * 3600_000
const now = new Date('2026-06-15T12:00:00.000Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * day).toISOString()
const idOf = (number: number) => PointId.parse(`point${String(number).padStart(7, '0')}`)

function pointOf(number: number, change: Partial<Point> = {}, size = 100): Point {
  const disk = {
    id: DiskId.parse('vda'),
    file: 'disk-vda.qcow2',
    format: 'qcow2',
    virtualSize: 1000,
    bytesCopied: size,
    fileSize: size,
    contentRoot: 'ab',
    sourcePath: null,
    sourceFormat: null,
    firmware: false,
  }
  return Point.parse({
    id: idOf(number),
    machineId: MachineId.parse('machine00001'),
    machineName: 'debian',
    destinationId: DestinationId.parse('destination1'),
    createdAt: daysAgo(20),
    kind: 'full',
    consistency: 'crash-consistent',
    consistencyReason: null,
    parentId: null,
    path: `/store/${number}`,
    disks: [disk],
    bytes: size,
    index: { kind: 'complete' },
    verification: null,
    pinned: false,
    qemuVersion: null,
    available: true,
    unreadable: null,
    ...change,
  })
}

const verified = (days: number, level: Verification['level'] = 'content', ok = true): Verification => ({
  level,
  ok,
  at: daysAgo(days),
  damage: [],
  foundIn: null,
})

const ledgerWith = (budget: number): VerifyLedger => ({ ...newLedger(now, 0), budget })
const chosen = (points: readonly Point[], ledger = ledgerWith(10_000)) => {
  const next = nextToVerify(points, ledger, now, 1000)
  return next.kind === 'none' ? null : next.point.id
}

describe('which point is read back next', () => {
  it('is the one whose bytes were known to be right longest ago', () => {
    const points = [
      pointOf(1, { verification: verified(10) }),
      pointOf(2, { createdAt: daysAgo(12) }),
      pointOf(3, { verification: verified(9, 'structure'), createdAt: daysAgo(30) }),
      pointOf(4, { createdAt: daysAgo(1) }),
    ]
    const order: string[] = []
    for (let left = points; left.length > 0; left = left.filter(({ id }) => id !== order.at(-1))) {
      order.push(chosen(left) as string)
    }
    expect(order).toEqual([idOf(3), idOf(2), idOf(1), idOf(4)])
  })

  it('is none that cannot be read, has nothing to compare with, or is known to be damaged', () => {
    const useless: Partial<Point>[] = [
      { available: false },
      { unreadable: 'Its manifest.json cannot be trusted.' },
      { index: { kind: 'none' } },
      { verification: verified(40, 'content', false) },
    ]
    expect(chosen(useless.map((change, number) => pointOf(number, change)))).toBeNull()
  })

  it('is none that was read back within a week', () => {
    expect(chosen([pointOf(1, { verification: verified(6) })])).toBeNull()
    expect(chosen([pointOf(1, { verification: verified(6, 'live') })])).toBeNull()
    expect(chosen([pointOf(1, { verification: verified(8) })])).toBe(idOf(1))
    expect(chosen([pointOf(1, { verification: verified(1, 'structure') })])).toBe(idOf(1))
  })

  it('is none that was put off, until then', () => {
    const later = { ...ledgerWith(10_000), notBefore: { [idOf(1)]: daysAgo(-1) } }
    expect(chosen([pointOf(1)], later)).toBeNull()
    expect(chosen([pointOf(1)], { ...later, notBefore: { [idOf(1)]: daysAgo(1) } })).toBe(idOf(1))
    expect(tidied(later, [pointOf(1)], now)).toEqual(later)
    expect(tidied(later, [], now).notBefore).toEqual({})
  })

  it('is another one while its destination is busy', () => {
    const busy = DestinationId.parse('destination2')
    const points = [pointOf(1, { createdAt: daysAgo(30), destinationId: busy }), pointOf(2)]
    const next = nextToVerify(points, ledgerWith(10_000), now, 1000, (point) => point.destinationId !== busy)
    expect(next).toMatchObject({ kind: 'begin', point: { id: idOf(2) } })
  })
})

describe('what reading a point takes', () => {
  it('is what its images and those below them hold, never more than the disks', () => {
    const base = pointOf(1, {}, 700)
    const over = pointOf(2, { needs: [base.id] }, 100)
    const more = pointOf(3, { needs: [over.id, base.id] }, 400)
    const byId = new Map([base, over, more].map((point) => [point.id, point]))
    expect([base, over, more].map((point) => bytesToRead(point, byId))).toEqual([700, 800, 1000])
  })
})

describe('the budget', () => {
  it('grows evenly, and what is not used carries over for one day', () => {
    const ledger = { ...newLedger(new Date(daysAgo(10)), 1000), budget: 0 }
    expect(nextToVerify([], ledger, now, 1000).ledger.budget).toBe(2000)
    const half = { ...ledger, at: daysAgo(0.5) }
    expect(nextToVerify([], half, now, 1000).ledger.budget).toBe(500)
    expect(nextToVerify([], { ...ledger, at: daysAgo(-3) }, now, 1000).ledger.budget).toBe(0)
  })

  it('grows to the size of a point that is larger, and then that one has its turn', () => {
    const big = pointOf(1, { createdAt: daysAgo(30) }, 900)
    const small = pointOf(2, {}, 10)
    let ledger = { ...newLedger(now, 100), budget: 0 }
    let days = 0
    for (; days < 30; days += 1) {
      const next = nextToVerify([small, big], ledger, new Date(now.getTime() + days * day), 100)
      ledger = next.ledger
      if (next.kind === 'begin') {
        expect(next.point.id).toBe(big.id)
        break
      }
      expect(next).toMatchObject({ kind: 'wait', point: { id: big.id } })
      expect(next.kind === 'wait' && next.forMs).toBe((9 - days) * day)
    }
    expect(days).toBe(9)
  })

  it('is kept in the long run, and no point is left out, whatever their sizes', () => {
    const size = fc.integer({ min: 1, max: 900 })
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 20, max: 500 }),
        (sizes, perDay) => {
          let points = sizes.map((bytes, number) => pointOf(number, { createdAt: daysAgo(20 + number) }, bytes))
          let ledger = newLedger(now, perDay)
          let read = 0
          const days = Math.ceil((2 * sizes.reduce((sum, bytes) => sum + bytes, 0)) / perDay) + 2
          for (let hours = 0; hours <= days * 24; hours += 1) {
            const at = new Date(now.getTime() + hours * 3600_000)
            const next = nextToVerify(points, ledger, at, perDay)
            ledger = next.ledger
            if (next.kind !== 'begin') continue
            ledger = { ...ledger, budget: ledger.budget - next.bytes }
            read += next.bytes
            expect(read).toBeLessThanOrEqual(perDay * (1 + (hours + 1) / 24) + 1e-6)
            const done = { ...verified(0), at: at.toISOString() }
            points = points.map((point) => (point.id === next.point.id ? { ...point, verification: done } : point))
          }
          expect(points.every(({ verification }) => verification !== null)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})
