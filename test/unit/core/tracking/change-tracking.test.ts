import { describe, expect, it } from 'vitest'
import { changeTrackingOf, type NodeFacts } from '../../../../electron/core/tracking/change-tracking.ts'
import { keptIn } from '../../../../electron/core/tracking/kept-in.ts'
import { bitmapName, endMarkOf } from '../../../../electron/core/tracking/naming.ts'
import { DestinationId, DiskId, PointId } from '../../../../shared/domain/ids.ts'

const nameAt = (destination: string) =>
  bitmapName({
    destinationId: DestinationId.parse(destination),
    pointId: PointId.parse('p00000000001'),
    diskId: DiskId.parse('vda'),
  })
const here = nameAt('d00000000001')
const there = nameAt('d00000000002')

const qcow2 = (data: object, bitmaps: NodeFacts['dirty-bitmaps'] = []): NodeFacts => ({
  drv: 'qcow2',
  image: { 'format-specific': { data } },
  'dirty-bitmaps': bitmaps,
})
const version3 = { compat: '1.1' }

describe('how long the record of a disk’s changes is kept', () => {
  it.each([
    ['qcow2 of version 3', qcow2(version3), { kind: 'persistent', now: 'off' }],
    ['qcow2 of version 2', qcow2({ compat: '0.10' }), { kind: 'volatile', now: 'off', why: 'qcow2-v2' }],
    [
      'qcow2 with its data in another file',
      qcow2({ ...version3, 'data-file': '/vms/data.raw' }),
      { kind: 'volatile', now: 'off', why: 'data-file' },
    ],
    ['a raw image', { drv: 'raw' }, { kind: 'volatile', now: 'off', why: 'raw' }],
    ['another format', { drv: 'vmdk' }, { kind: 'volatile', now: 'off', why: 'format' }],
    ['qcow2 that says nothing of itself', { drv: 'qcow2' }, { kind: 'volatile', now: 'off', why: 'format' }],
  ] as const)('%s', (_name, node: NodeFacts, expected) => {
    const told = changeTrackingOf(node)
    expect(told).toEqual(expected)
    expect(keptIn(node.drv, node.image?.['format-specific']?.data ?? {})).toBe(told.kind)
  })

  it('nothing is tracked in an image with internal snapshots', () => {
    const node = { ...qcow2(version3), image: { snapshots: [{ name: 'before' }] } }
    expect(changeTrackingOf(node)).toEqual({ kind: 'none', why: 'internal-snapshots' })
  })
})

describe('whether there is a record now', () => {
  const now = (...bitmaps: NonNullable<NodeFacts['dirty-bitmaps']>) => changeTrackingOf(qcow2(version3, bitmaps))
  const cut = (name: string) => ({ name, recording: false, inconsistent: true })

  it('one of Floe’s that records', () => {
    expect(now({ name: here, recording: true })).toEqual({ kind: 'persistent', now: 'on' })
    expect(now(cut(there), { name: here, recording: true })).toEqual({ kind: 'persistent', now: 'on' })
  })

  it('one that QEMU could not store is cut off', () => {
    expect(now(cut(here), cut(endMarkOf(here)))).toEqual({ kind: 'persistent', now: 'cut-off' })
  })

  it('not one of other programs, without a name, switched off, or only a mark of the end', () => {
    expect(
      now(
        { name: 'bk-0001', recording: true },
        { recording: true },
        { name: here, recording: false },
        { name: endMarkOf(there), recording: true },
      ),
    ).toEqual({ kind: 'persistent', now: 'off' })
  })
})
