import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ParentDisk, ParentPoint } from '../../../../electron/core/repository/types.ts'
import { chooseBasis } from '../../../../electron/core/tracking/basis.ts'
import type { BasisQuestion, DiskBitmap, DiskTracking } from '../../../../electron/core/tracking/types.ts'
import { DiskId, PointId } from '../../../../shared/domain/ids.ts'

const id = DiskId.parse('vda')
const size = 10e9
const pointIds = [1, 2, 3, 4].map((number) => PointId.parse(`p0000000000${number}`))
const bitmapNames = ['floe-a', 'floe-b', 'floe-c']

const bitmap = (more: Partial<DiskBitmap> = {}): DiskBitmap => ({
  name: 'floe-a',
  recording: true,
  persistent: true,
  busy: false,
  inconsistent: false,
  granularity: 65536,
  dirtyBytes: 131072,
  ...more,
})
const endOf = (name: string, more: Partial<DiskBitmap> = {}): DiskBitmap =>
  bitmap({ name: `${name}-end`, recording: false, dirtyBytes: 65536, ...more })
const parent = (number: number, disk: Partial<ParentDisk> | null = {}): ParentPoint => ({
  pointId: pointIds[number] as PointId,
  createdAt: '2026-01-01T00:00:00Z',
  disks: disk ? [{ id, virtualSize: size, bitmap: 'floe-a', witness: null, hasIndex: true, ...disk }] : [],
})
const tracked = (more: Partial<DiskTracking> = {}): DiskTracking => ({
  diskId: id,
  bitmaps: [bitmap(), endOf('floe-a')],
  keeps: 'persistent',
  witness: null,
  format: 'qcow2',
  ...more,
})
const ask = (more: Partial<BasisQuestion> = {}): BasisQuestion => ({
  disk: { id, name: 'root.img', virtualSize: size },
  tracking: tracked(),
  parents: [parent(0)],
  wished: 'automatic',
  noComparison: null,
  ...more,
})
const untrusted = (more: Partial<DiskBitmap>) =>
  ask({ tracking: tracked({ bitmaps: [bitmap(more), endOf('floe-a')] }) })
const noComparison = 'There is no room for a scratch image.'

describe('the basis of a copy', () => {
  it('is the bitmap when everything speaks for it', () => {
    expect(chooseBasis(ask())).toEqual({
      basis: 'bitmap',
      reason: 'Only what changed since the last restore point is copied.',
      parentId: pointIds[0],
      bitmap: 'floe-a',
      dirtyBytes: 131072,
    })
  })

  it('is said in sentences that say why', () => {
    const compared = ': the disk is compared with the last restore point, and only what differs is copied.'
    const raw = tracked({ bitmaps: [], keeps: 'volatile', format: 'raw' })
    const said: [BasisQuestion, string, string][] = [
      [ask({ wished: 'full' }), 'all', 'A full backup was asked for.'],
      [ask({ parents: [] }), 'all', 'This is the first backup of this disk here.'],
      [ask({ parents: [parent(0, null)] }), 'all', 'This is the first backup of this disk here.'],
      [
        ask({ disk: { id, name: 'root.img', virtualSize: 2 * size } }),
        'all',
        'The disk’s size changed. It was 10.0\u00a0GB, now 20.0\u00a0GB, so it is copied in full once.',
      ],
      [
        ask({ disk: { id, name: 'root.img', virtualSize: size + 512 } }),
        'all',
        'The disk’s size changed. It was 10000000000 bytes, now 10000000512 bytes, so it is copied in full once.',
      ],
      [
        untrusted({ inconsistent: true, recording: false }),
        'comparison',
        `Change tracking was cut off, because QEMU ended without storing it${compared}`,
      ],
      [untrusted({ recording: false }), 'comparison', `Change tracking was switched off meanwhile${compared}`],
      ...[[], [endOf('floe-a', { dirtyBytes: 0 })], [endOf('floe-a', { recording: true })]].map(
        (ends): [BasisQuestion, string, string] => [
          ask({ tracking: tracked({ bitmaps: [bitmap(), ...ends] }) }),
          'comparison',
          `The disk may have been made smaller and larger again meanwhile${compared}`,
        ],
      ),
      [untrusted({ busy: true }), 'comparison', `Something else in QEMU is using the record of the changes${compared}`],
      [
        ask({ tracking: tracked({ witness: 'other' }) }),
        'comparison',
        `A backing file of this disk may have changed since the last restore point${compared}`,
      ],
      [
        ask({ tracking: raw }),
        'comparison',
        `root.img is a raw image: its changes are tracked only until the machine stops, and tracking starts again now${compared}`,
      ],
      [
        ask({ tracking: tracked({ bitmaps: [], keeps: 'none' }) }),
        'comparison',
        `Changes of this disk can’t be tracked${compared}`,
      ],
      [
        ask({ parents: [parent(0, { bitmap: null })] }),
        'comparison',
        `Changes were not tracked since the last restore point${compared}`,
      ],
      [
        ask({ tracking: tracked({ bitmaps: [] }) }),
        'comparison',
        `Change tracking was cut off, because QEMU ended without storing it or the image was replaced${compared}`,
      ],
      [
        ask({ tracking: tracked({ bitmaps: [bitmap({ inconsistent: true })] }), noComparison }),
        'all',
        'Change tracking was cut off, because QEMU ended without storing it. There is no room for a scratch image. So all data is copied.',
      ],
      [
        ask({ tracking: tracked({ bitmaps: [] }), parents: [parent(0, { hasIndex: false, bitmap: null })] }),
        'all',
        'Changes were not tracked since the last restore point. No restore point here has the checksums that the disk could be compared with, so all data is copied.',
      ],
    ]
    for (const [question, basis, reason] of said) expect(chooseBasis(question)).toMatchObject({ basis, reason })
  })

  it('says under which name a disk was backed up before', () => {
    const before = { id: DiskId.parse('sda'), sourcePath: '/vm/root.img' }
    const parents = [parent(1, { id: DiskId.parse('vdb') }), parent(0, before)]
    const disk = { id, name: 'root.img', virtualSize: size, path: '/vm/root.img' }
    const present = [id, DiskId.parse('vdb')]
    expect(chooseBasis(ask({ disk, present, parents }))).toEqual({
      basis: 'all',
      reason: 'root.img was backed up here as sda before. As vda it is copied in full once.',
    })
    const others: Partial<BasisQuestion>[] = [
      { present: [id, before.id] },
      { disk: { ...disk, path: '/vm/other.img' } },
      { disk: { ...disk, virtualSize: 2 * size } },
      { disk: { ...disk, path: null }, parents: [parent(0, { ...before, sourcePath: null })] },
    ]
    for (const other of others) {
      expect(chooseBasis(ask({ disk, present, parents, ...other }))).toEqual({
        basis: 'all',
        reason: 'This is the first backup of this disk here.',
      })
    }
  })

  it('is no bitmap whose end mark is coarser than itself', () => {
    const coarse = endOf('floe-a', { granularity: 2 << 20, dirtyBytes: 2 << 20 })
    const finer = tracked({ bitmaps: [bitmap(), coarse] })
    expect(chooseBasis(ask({ tracking: finer }))).toMatchObject({ basis: 'comparison' })
    for (const end of [coarse, endOf('floe-a')]) {
      const coarser = tracked({ bitmaps: [bitmap({ granularity: 2 << 20 }), end] })
      expect(chooseBasis(ask({ tracking: coarser }))).toMatchObject({ basis: 'bitmap' })
    }
  })

  it('passes over points that left the disk out', () => {
    expect(chooseBasis(ask({ parents: [parent(1, null), parent(0)] }))).toMatchObject({
      basis: 'bitmap',
      parentId: pointIds[0],
      reason: 'Only what changed since the last restore point is copied.',
    })
  })

  it('takes an earlier point whose own bitmap is still there, and compares with the newest one that can be compared', () => {
    const lost = parent(1, { bitmap: 'floe-b' })
    expect(chooseBasis(ask({ parents: [lost, parent(0)] }))).toMatchObject({
      basis: 'bitmap',
      parentId: pointIds[0],
      bitmap: 'floe-a',
      reason: 'Only what changed since an earlier restore point is copied.',
    })
    const unchecked = parent(1, { bitmap: 'floe-b', hasIndex: false })
    expect(chooseBasis(ask({ parents: [unchecked, parent(0, { bitmap: null })] }))).toMatchObject({
      basis: 'comparison',
      parentId: pointIds[0],
    })
  })

  it('never goes back past a change of size, even when the old size came back', () => {
    const between = parent(1, { virtualSize: 2 * size, bitmap: null })
    const now = parent(2, { bitmap: null, hasIndex: false })
    expect(chooseBasis(ask({ parents: [now, between, parent(0)] }))).toMatchObject({ basis: 'all' })
  })
})

describe('whatever is found', () => {
  const witness = fc.constantFrom(null, 'w1', 'w2')
  const sizes = fc.constantFrom(size, 2 * size)
  const ids = fc.constantFrom(id, DiskId.parse('vdb'))
  const disks = fc.record({
    id: ids,
    virtualSize: sizes,
    bitmap: fc.option(fc.constantFrom(...bitmapNames)),
    witness,
    hasIndex: fc.boolean(),
  })
  const bitmaps = fc.record({
    name: fc.constantFrom(...bitmapNames, ...bitmapNames.map((name) => `${name}-end`)),
    recording: fc.boolean(),
    persistent: fc.boolean(),
    busy: fc.boolean(),
    inconsistent: fc.boolean(),
    granularity: fc.constantFrom(65536, 2 << 20),
    dirtyBytes: fc.nat({ max: 3 }),
  })
  const unique = { selector: ({ name }: { name: string }) => name }
  const questions: fc.Arbitrary<BasisQuestion> = fc.record({
    disk: fc.record({ id: fc.constant(id), name: fc.constant('root.img'), virtualSize: sizes }),
    tracking: fc.record({
      diskId: fc.constant(id),
      bitmaps: fc.uniqueArray(bitmaps, unique),
      keeps: fc.constantFrom('persistent', 'volatile', 'none'),
      witness,
    }),
    parents: fc.array(fc.uniqueArray(disks, { selector: (disk) => disk.id }), { maxLength: 4 }).map((points) =>
      points.map((found, number) => ({
        pointId: pointIds[number] as PointId,
        createdAt: '2026-01-01T00:00:00Z',
        disks: found,
      })),
    ),
    wished: fc.constantFrom('automatic', 'full'),
    noComparison: fc.option(fc.constant(noComparison)),
  })

  it('a bitmap is used only when it is sound and named by its parent, and a comparison only where one is possible', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const choice = chooseBasis(question)
        expect(choice.reason).toMatch(/^[A-Za-z].*\.$/)
        if (question.wished === 'full') expect(choice.basis).toBe('all')
        if (choice.basis === 'all') return
        const at = question.parents.findIndex(({ pointId }) => pointId === choice.parentId)
        const before = question.parents.slice(0, at + 1).flatMap(({ disks }) => disks.filter((disk) => disk.id === id))
        expect(before.every(({ virtualSize }) => virtualSize === question.disk.virtualSize)).toBe(true)
        const parentDisk = question.parents[at]?.disks.find((disk) => disk.id === id)
        if (choice.basis === 'comparison') {
          expect(question.noComparison).toBeNull()
          expect(parentDisk?.hasIndex).toBe(true)
          return
        }
        const used = question.tracking.bitmaps.find(({ name }) => name === choice.bitmap)
        expect(used).toMatchObject({ recording: true, busy: false, inconsistent: false })
        expect(used?.dirtyBytes).toBe(choice.dirtyBytes)
        const end = question.tracking.bitmaps.find(({ name }) => name === `${choice.bitmap}-end`)
        expect(end).toMatchObject({ recording: false, inconsistent: false })
        expect(end?.dirtyBytes).toBeGreaterThan(0)
        expect(end?.granularity).toBeLessThanOrEqual(used?.granularity ?? 0)
        expect(parentDisk?.bitmap).toBe(choice.bitmap)
        expect(parentDisk?.witness).toBe(question.tracking.witness)
      }),
      { numRuns: 2000 },
    )
  })
})
