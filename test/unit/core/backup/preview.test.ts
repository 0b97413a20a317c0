import { expect, test } from 'vitest'
import type { PlanInput } from '../../../../electron/core/backup/plan.ts'
import { previewOf, previewUnseen } from '../../../../electron/core/backup/preview.ts'
import { endMarkOf } from '../../../../electron/core/tracking/naming.ts'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { Disk } from '../../../../shared/domain/disk.ts'
import type { DestinationId, DiskId, JobId, PointId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'

const virtualSize = 1 << 20
const disk = (id: string) =>
  Disk.parse({
    id,
    node: `#block-${id}`,
    qdev: `/machine/${id}`,
    aliases: [],
    format: 'qcow2',
    virtualSize,
    allocatedSize: 400_000,
    imagePath: `/vm/${id}.qcow2`,
    backingChain: [],
    readOnly: false,
    removable: false,
    firmware: false,
    exclusion: null,
  })
const bitmap = 'floe-destination1-pointpoint01'
const parents = [
  {
    pointId: 'pointpoint01' as PointId,
    createdAt: '2026-01-01T00:00:00.000Z',
    disks: [{ id: 'a' as DiskId, virtualSize, bitmap, witness: null, hasIndex: true }],
  },
]
const marks = (dirtyBytes: number) => {
  const of = { recording: true, persistent: true, busy: false, inconsistent: false, granularity: 65536 }
  const end = { ...of, name: endMarkOf(bitmap), recording: false, dirtyBytes: 65536 }
  return new Map([
    [
      'a' as DiskId,
      {
        diskId: 'a' as DiskId,
        bitmaps: [{ ...of, name: bitmap, dirtyBytes }, end],
        keeps: 'persistent' as const,
        witness: null,
      },
    ],
  ])
}
const input = (history: Partial<PlanInput['history']> = {}, disks = [disk('a')]) => ({
  machine: { id: 'machine' } as unknown as Machine,
  destination: { id: 'destination1', freeBytes: null } as unknown as Destination,
  obstacle: null,
  plan: {
    jobId: 'abcdefghijkl' as JobId,
    machineName: 'debian',
    inventory: disks,
    wanted: null,
    capabilities: null,
    roots: [],
    scratch: () => ({ kind: 'no-room' as const, reason: 'None.' }),
    freeze: { kind: 'no-freeze' as const, cause: 'not-wanted' as const, reason: 'Not wanted.' },
    hindrance: null,
    history: {
      destinationId: 'destination1' as DestinationId,
      pointId: 'pointpoint02' as PointId,
      wished: 'automatic' as const,
      parents,
      tracking: marks(65536),
      noComparison: null,
      ...history,
    },
  },
})
const unknown = 'What has to be copied is decided once QEMU can be asked what changed.'

test('of what is copied by bitmap, the end of each disk is told apart', () => {
  const idle = previewOf(input())
  expect(idle).toMatchObject({ basis: 'bitmap', bytesToCopy: 65536, endBytes: 65536 })
  expect(idle.disks).toMatchObject([{ bytesToCopy: 65536, endBytes: 65536 }])
  const changed = previewOf(input({ tracking: marks(3 * 65536) }))
  expect(changed).toMatchObject({ basis: 'bitmap', bytesToCopy: 3 * 65536, endBytes: 65536 })
  expect(previewOf(input({ wished: 'full' }))).toMatchObject({ basis: 'all', endBytes: 0 })
})

test('while QEMU cannot be asked, nothing is claimed of what only it knows', () => {
  const unseen = previewUnseen(input({ tracking: new Map() }))
  expect(unseen.kindReason).toBe(unknown)
  expect(unseen.disks).toMatchObject([{ diskId: 'a', basisReason: unknown }])
  expect(unseen.wayReason).toContain('once QEMU can be asked')
})

test('what is so whatever QEMU says keeps its reason', () => {
  const full = previewUnseen(input({ tracking: new Map(), wished: 'full' }))
  expect(full).toMatchObject({ kind: 'full', kindReason: 'A full backup was asked for.' })
  const first = previewUnseen(input({ tracking: new Map(), parents: [] }))
  expect(first).toMatchObject({ kind: 'full', kindReason: 'This is the first backup of this disk here.' })
  const both = previewUnseen(input({ tracking: new Map() }, [disk('a'), disk('b')]))
  expect(both.disks.map(({ basisReason }) => basisReason)).toEqual([
    unknown,
    'This is the first backup of this disk here.',
  ])
})
