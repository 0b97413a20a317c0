import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extentsOf } from '../../../../electron/core/extents/extents.ts'
import {
  type DiskImage,
  holdersOf,
  placed,
  reachedBy,
  sharedBytes,
} from '../../../../electron/core/repository/spreading.ts'
import { DiskId, PointId } from '../../../../shared/domain/ids.ts'
import type { Damage } from '../../../../shared/domain/point.ts'

const block = 65536
const blocks = 12
const diskId = DiskId.parse('vda')
const idOf = (number: number) => PointId.parse(`point${String(number).padStart(7, '0')}`)
const folderOf = (number: number) => `20260101-0000${String(number).padStart(2, '0')}-${idOf(number)}`

interface Step {
  readonly parent: number | null
  readonly written: readonly boolean[]
  readonly known: boolean
}

const history = fc
  .array(
    fc.record({
      pick: fc.nat(),
      full: fc.integer({ min: 0, max: 4 }),
      written: fc.array(fc.boolean(), { minLength: blocks, maxLength: blocks }),
      known: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((steps) =>
    steps.map(
      (step, number): Step => ({
        parent: number === 0 || step.full === 0 ? null : step.pick % number,
        written: step.written,
        known: step.known > 0,
      }),
    ),
  )

const extentsOfBlocks = (written: readonly boolean[]) =>
  extentsOf(written.flatMap((is, number) => (is ? [{ offset: number * block, length: block }] : [])))

function imagesOf(steps: readonly Step[], storage: 'clone' | 'chain', whatIsKnown: 'all' | 'some'): DiskImage[] {
  return steps.map((step, number) => ({
    pointId: idOf(number),
    createdAt: `2026-01-01T00:00:${String(number).padStart(2, '0')}.000Z`,
    folder: folderOf(number),
    file: 'disk-vda.qcow2',
    diskId,
    virtualSize: blocks * block,
    sequence: number + 1,
    parentId: step.parent === null ? null : idOf(step.parent),
    backingId: step.parent === null || storage === 'clone' ? null : idOf(step.parent),
    copied: whatIsKnown === 'all' || step.known ? extentsOfBlocks(step.written) : null,
  }))
}

/** By brute force: every write makes new bytes, and a point shows its own or its parent's. Answers a name for each block's bytes. */
function bytesOf(steps: readonly Step[]): string[][] {
  const shown: string[][] = []
  for (const [number, step] of steps.entries()) {
    const parent = step.parent === null ? null : (shown[step.parent] as string[])
    shown.push(
      Array.from({ length: blocks }, (_, at) =>
        parent === null || step.written[at] ? `${number}:${at}` : (parent[at] as string),
      ),
    )
  }
  return shown
}

const contentDamage = (from: number, count: number): Damage => ({
  diskId,
  file: 'disk-vda.qcow2',
  kind: 'content',
  offset: from * block,
  length: count * block,
  text: 'Bytes differ.',
})

describe('damage in one block', () => {
  it('reaches exactly the points that show the same bytes', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), fc.constantFrom('clone', 'chain'), (steps, pick, at, storage) => {
        const checked = pick % steps.length
        const number = at % blocks
        const images = imagesOf(steps, storage, 'all')
        const shown = bytesOf(steps)
        const truth = steps.flatMap((_, other) =>
          other !== checked && shown[other]?.[number] === shown[checked]?.[number] ? [idOf(other)] : [],
        )
        const found = reachedBy(images, idOf(checked), [contentDamage(number, 1)])
        expect(found.map(({ image }) => image.pointId).sort()).toEqual(truth.sort())
      }),
      { numRuns: 400 },
    )
  })
})

describe('damage in a range', () => {
  it('reaches every point that shows a byte of it, and names just the bytes that are shared', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), fc.nat(), (steps, pick, at, size) => {
        const checked = pick % steps.length
        const from = at % blocks
        const count = 1 + (size % (blocks - from))
        const shown = bytesOf(steps)
        const found = reachedBy(imagesOf(steps, 'chain', 'all'), idOf(checked), [contentDamage(from, count)])
        for (const other of steps.keys()) {
          if (other === checked) continue
          const same = Array.from({ length: blocks }, (_, number) => {
            return number >= from && number < from + count && shown[other]?.[number] === shown[checked]?.[number]
          })
          const ranges = found.find(({ image }) => image.pointId === idOf(other))?.ranges ?? []
          expect(ranges).toEqual(extentsOfBlocks(same))
        }
      }),
      { numRuns: 400 },
    )
  })

  it('never leaves out a point for want of knowledge', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), fc.nat(), fc.nat(), (steps, pick, at, size, gone) => {
        const checked = pick % steps.length
        const from = at % blocks
        const count = 1 + (size % (blocks - from))
        const shown = bytesOf(steps)
        const deleted = gone % (steps.length + 1)
        const images = imagesOf(steps, 'clone', 'some').filter((_, number) => number !== deleted || number === checked)
        const found = new Set(
          reachedBy(images, idOf(checked), [contentDamage(from, count)]).map(({ image }) => image.pointId),
        )
        for (const other of steps.keys()) {
          if (other === checked || other === deleted) continue
          const shares = Array.from({ length: count }, (_, number) => from + number).some(
            (number) => shown[other]?.[number] === shown[checked]?.[number],
          )
          if (shares) expect(found, `${checked} ${other}`).toContain(idOf(other))
        }
      }),
      { numRuns: 400 },
    )
  })
})

describe('a damaged image file', () => {
  const under: Step[] = [
    { parent: null, written: [], known: true },
    { parent: 0, written: Array.from({ length: blocks }, () => true), known: true },
    { parent: 1, written: [], known: true },
    { parent: 0, written: [], known: true },
    { parent: null, written: [], known: true },
  ]
  const broken = (file: string): Damage => ({
    diskId,
    file,
    kind: 'missing',
    offset: null,
    length: null,
    text: 'It is missing.',
  })
  const reached = (storage: 'clone' | 'chain', checked: number, file: string) =>
    reachedBy(imagesOf(under, storage, 'all'), idOf(checked), [broken(file)]).map(({ image }) => image.pointId)

  it('takes along all that lie over it, whatever they copied', () => {
    expect(reached('chain', 1, 'disk-vda.qcow2')).toEqual([idOf(2)])
    expect(reached('chain', 0, 'disk-vda.qcow2')).toEqual([idOf(1), idOf(2), idOf(3)])
  })

  it('takes along nobody where every image stands alone', () => {
    expect(reached('clone', 0, 'disk-vda.qcow2')).toEqual([])
  })

  it('is its own point’s when the check of a later one found it', () => {
    expect(reached('chain', 2, `${folderOf(0)}/disk-vda.qcow2`)).toEqual([idOf(0), idOf(1), idOf(3)])
  })

  it('is not the matter of other points when only an index or a manifest is wrong', () => {
    const images = imagesOf(under, 'chain', 'all')
    expect(reachedBy(images, idOf(0), [{ ...broken('disk-vda.index'), kind: 'index' }])).toEqual([])
    const manifest = { ...broken('manifest.json'), kind: 'structure', diskId: DiskId.parse('*') } as const
    expect(reachedBy(images, idOf(0), [manifest])).toEqual([])
  })
})

describe('the holder of damaged bytes', () => {
  const steps: Step[] = [
    { parent: null, written: [], known: true },
    { parent: 0, written: [true, ...Array.from({ length: blocks - 1 }, () => false)], known: true },
  ]

  it('is named by the file of the chain that holds them', () => {
    const images = imagesOf(steps, 'chain', 'all')
    expect(placed(images, idOf(1), contentDamage(0, 1)).file).toBe('disk-vda.qcow2')
    const below = placed(images, idOf(1), contentDamage(3, 1))
    expect(below.file).toBe(`${folderOf(0)}/disk-vda.qcow2`)
    expect(below.text).toContain(`They lie in "${folderOf(0)}/disk-vda.qcow2".`)
    const both = placed(images, idOf(1), contentDamage(0, 2))
    expect(both.file).toBe('disk-vda.qcow2')
    expect(both.text).toContain(' or ')
    const mine = placed(images, idOf(1), contentDamage(0, 2), new Set([idOf(0)]))
    expect(mine).toEqual(contentDamage(0, 2))
  })

  it('is each of two that may be it, where nobody knows what was copied', () => {
    const images = imagesOf([steps[0] as Step, { ...(steps[1] as Step), known: false }], 'chain', 'some')
    const range = extentsOf([{ offset: 5 * block, length: block }])
    expect([...holdersOf(images, images[1] as DiskImage, range).keys()]).toEqual([idOf(1), idOf(0)])
    expect(sharedBytes(images, images[0] as DiskImage, images[1] as DiskImage, range)).toEqual(range)
  })
})
