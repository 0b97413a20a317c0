import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Extents, extentsOf } from '../../../../electron/core/extents/extents.ts'
import { freedBy, type HeldDisk } from '../../../../electron/core/retention/freed.ts'
import { DiskId, PointId } from '../../../../shared/domain/ids.ts'

const size = 24
const idOf = (number: number) => PointId.parse(number.toString(36).padStart(12, '0'))
const vda = DiskId.parse('vda')

const onDisk = ([offset, length]: [number, number]) => ({ offset, length: Math.min(length, size - offset) })

/** Trees of points on a disk of 24 bytes; most start from the point right before them. */
const worlds = fc
  .array(
    fc.record({
      back: fc.constantFrom(1, 1, 1, 2, 3, null),
      ranges: fc.array(fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 8 })), { maxLength: 4 }),
      zeroes: fc.array(fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 6 })), { maxLength: 2 }),
      removed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((steps) => ({
    disks: steps.map(({ back, ranges, zeroes }, at): HeldDisk => {
      const parent = back === null ? -1 : at - back
      return {
        pointId: idOf(at),
        diskId: vda,
        parentId: parent < 0 ? null : idOf(parent),
        copied: extentsOf(ranges.map(onDisk)),
        zeroes: extentsOf(zeroes.map(onDisk)),
      }
    }),
    removed: new Set(steps.flatMap((step, at) => (step.removed ? [idOf(at)] : []))),
  }))

const holds = (disk: HeldDisk, byte: number) => inside(disk.copied, byte)

const inside = (extents: Extents, byte: number) =>
  extents.some(({ offset, length }) => offset <= byte && byte < offset + length)

/** Whose copy of a byte each point shows, found by walking up from it. */
function shownBy(disks: readonly HeldDisk[], at: HeldDisk, byte: number): PointId | null {
  for (let disk: HeldDisk | undefined = at; disk; disk = disks.find(({ pointId }) => pointId === disk?.parentId)) {
    if (holds(disk, byte)) return disk.pointId
  }
  return null
}

it('exactly the bytes that no kept point shows are freed, and the others find one owner each', () => {
  fc.assert(
    fc.property(worlds, ({ disks, removed }) => {
      let freed = 0
      let needed = 0
      const owners = new Map<PointId, number>()
      for (let byte = 0; byte < size; byte += 1) {
        for (const version of disks.filter((disk) => removed.has(disk.pointId) && holds(disk, byte))) {
          const readers = disks.filter(
            (disk) => !removed.has(disk.pointId) && shownBy(disks, disk, byte) === version.pointId,
          )
          if (readers.length === 0) freed += 1
          else needed += 1
        }
      }
      const found = freedBy(disks, removed)
      expect(found.freedBytes).toBe(freed)
      expect(found.neededBytes).toBe(needed)
      for (const [id, bytes] of found.inherits) owners.set(id, bytes)
      expect([...owners.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(needed)
      for (const id of owners.keys()) expect(removed).not.toContain(id)
    }),
    { numRuns: 500 },
  )
})

it('on chains, what is written again is what each image right above removed ones shows of them', () => {
  fc.assert(
    fc.property(worlds, ({ disks, removed }) => {
      let written = 0
      for (const disk of disks) {
        const parent = disk.parentId
        if (removed.has(disk.pointId) || parent === null || !removed.has(parent)) continue
        for (let byte = 0; byte < size; byte += 1) {
          const from = shownBy(disks, disk, byte)
          // Only up to the nearest kept forebear: what lies below that one stays there.
          let at = disks.find(({ pointId }) => pointId === parent)
          while (at && removed.has(at.pointId) && at.pointId !== from) {
            const next: PointId | null = at.parentId
            at = disks.find(({ pointId }) => pointId === next)
          }
          if (from === disk.pointId || !at || !removed.has(at.pointId)) continue
          // Zeroes move without being written.
          if (!inside(at.zeroes ?? [], byte)) written += 1
        }
      }
      expect(freedBy(disks, removed).writtenBytes).toBe(written)
    }),
    { numRuns: 500 },
  )
})

it('removing everything frees everything, removing nothing frees nothing', () => {
  fc.assert(
    fc.property(worlds, ({ disks }) => {
      const all = disks
        .flatMap(({ copied }) => copied.map(({ length }) => length))
        .reduce((sum, length) => sum + length, 0)
      expect(freedBy(disks, new Set(disks.map(({ pointId }) => pointId))).freedBytes).toBe(all)
      expect(freedBy(disks, new Set())).toEqual({
        freedBytes: 0,
        neededBytes: 0,
        writtenBytes: 0,
        inherits: new Map(),
      })
    }),
  )
})
