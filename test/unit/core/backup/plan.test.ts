import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { History } from '../../../../electron/core/backup/basis.ts'
import {
  copyJobName,
  filterNodeName,
  longestNodeName,
  targetNodeName,
} from '../../../../electron/core/backup/naming.ts'
import { type PlanInput, planBackup, spaceNeeded } from '../../../../electron/core/backup/plan.ts'
import { copyActions, speedPerJob, trackingActions } from '../../../../electron/core/backup/qemu-copy.ts'
import { fault } from '../../../../electron/core/backup/whole-image.ts'
import type { DeviceRoot } from '../../../../electron/core/instant/devices.ts'
import type { ScratchAnswer } from '../../../../electron/core/instant/scratch.ts'
import type { FreezePlan } from '../../../../electron/core/instant/types.ts'
import { Disk } from '../../../../shared/domain/disk.ts'
import type { DestinationId, DiskId, JobId, PointId } from '../../../../shared/domain/ids.ts'

const jobId = 'abcdefghijkl' as JobId

function disk(id: string, change: Partial<Disk> = {}): Disk {
  return Disk.parse({
    id,
    node: `#block-${id}`,
    qdev: `/machine/${id}`,
    aliases: [`${id}-alias`],
    format: 'qcow2',
    virtualSize: 1000,
    allocatedSize: 400,
    imagePath: `/vm/${id}.qcow2`,
    backingChain: [],
    readOnly: false,
    removable: false,
    firmware: false,
    exclusion: null,
    ...change,
  })
}

const none = { hasCommand: () => false, hasArgument: () => false, hasDriver: () => false }
const all = { hasCommand: () => true, hasArgument: () => true, hasDriver: () => true }
const old = none
const room: ScratchAnswer = {
  kind: 'room',
  plan: { folder: '/scratch', expectedBytes: 1, limitBytes: 2 },
  freeBytes: 3,
}
const unfrozen: FreezePlan = { kind: 'no-freeze', cause: 'not-wanted', reason: 'Not wanted.' }
const rootsOf = (...ids: string[]): DeviceRoot[] =>
  ids.map((id) => ({ qdev: `/machine/${id}`, path: `/machine/${id}`, node: `top-${id}`, driver: 'qcow2' }))

const nothingYet: History = {
  destinationId: 'destination1' as DestinationId,
  pointId: 'pointpoint02' as PointId,
  wished: 'automatic',
  parents: [],
  tracking: new Map(),
  noComparison: null,
}

const plan = (inventory: Disk[], change: Partial<PlanInput> = {}) =>
  planBackup({
    jobId,
    machineName: 'debian',
    inventory,
    wanted: null,
    capabilities: old,
    roots: [],
    scratch: () => room,
    freeze: unfrozen,
    hindrance: null,
    history: nothingYet,
    ...change,
  })

test('names stay within what QEMU takes, for any number of disks', () => {
  fc.assert(
    fc.property(fc.nat({ max: 9999 }), (index) => {
      for (const name of [copyJobName(jobId, index), targetNodeName(jobId, index), filterNodeName(jobId, index)]) {
        expect(name.length).toBeLessThanOrEqual(longestNodeName)
        expect(name).toMatch(/^floe-[a-z0-9]{12}-[jtf]\d+$/)
      }
    }),
  )
})

test('everything that can be backed up is, and what is asked for by id or alias', () => {
  const disks = [disk('a'), disk('cd', { exclusion: 'removable' }), disk('b', { allocatedSize: 5000 })]
  expect(plan(disks).disks.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(plan(disks).bytesToCopy).toBe(1400)
  expect(plan(disks, { wanted: ['b-alias', 'b'] }).disks.map(({ id }) => id)).toEqual(['b'])
  expect(plan(disks)).toMatchObject({ kind: 'full', way: 'push', bounds: null })
  expect(spaceNeeded(plan(disks)).bytes).toBeGreaterThan(1400)
})

test('what cannot be planned is refused by name', () => {
  const disks = [disk('a'), disk('cd', { exclusion: 'removable' }), disk('b', { aliases: ['a-alias'] })]
  const code = (wanted: string[] | null, inventory = disks) => {
    try {
      plan(inventory, { wanted })
      return null
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(code(['x'])).toBe('backup/disk-unknown')
  expect(code(['a-alias'])).toBe('backup/disk-unknown')
  expect(code(['cd'])).toBe('backup/disk-excluded')
  expect(code([])).toBe('backup/no-disks')
  expect(code(null, [disk('cd', { exclusion: 'empty' })])).toBe('backup/no-disks')
})

test('all disks go into one transaction, with the limit shared and what is in flight bounded where QEMU can', () => {
  const capabilities = { hasCommand: () => true, hasArgument: () => true, hasDriver: () => true }
  const made = plan([disk('a'), disk('b')], { capabilities })
  const actions = copyActions(made, 1001) as readonly { type: string; data: Record<string, unknown> }[]
  expect(actions.map(({ type }) => type)).toEqual(['blockdev-backup', 'blockdev-backup'])
  for (const { data } of actions) {
    expect(data).toMatchObject({
      sync: 'full',
      'auto-dismiss': false,
      'on-target-error': 'stop',
      speed: 500,
      'x-perf': { 'max-workers': 4, 'max-chunk': 1048576 },
    })
  }
  expect(speedPerJob(null, 2)).toBe(0)
  expect(speedPerJob(1, 3)).toBe(1)
})

test('an image whose tables lag behind its data is not whole', () => {
  const good = { 'image-end-offset': 10 << 20, leaks: 0 }
  expect(fault(good, 10 << 20)).toBeNull()
  expect(fault({ ...good, leaks: 3 }, 10 << 20)).toContain('3 clusters')
  expect(fault({ ...good, corruptions: 1 }, 10 << 20)).toContain('1 errors')
  expect(fault(good, 20 << 20)).toContain('bytes')
  expect(fault({}, 0)).not.toBeNull()
})

test("the guest's old data is set aside wherever that can be had, and the reason is told where it cannot", () => {
  const disks = [disk('a'), disk('b')]
  const fleecing = plan(disks, { capabilities: all, roots: rootsOf('a', 'b') })
  expect(fleecing).toMatchObject({ way: 'fleecing', guestSafe: true, givesWay: false, scratch: { folder: '/scratch' } })
  expect(fleecing.wayReason).toContain("a slow or full destination can't hold it up")
  const oneDrive = plan(disks, { capabilities: all, roots: rootsOf('a', 'b'), scratchAtDestination: true })
  expect(oneDrive.wayReason).toMatch(/on the destination's drive.*given up within seconds/)
  expect(fleecing.disks.map((planned) => planned.snapshot?.rootNode)).toEqual(['top-a', 'top-b'])
  expect(fleecing.disks[1]?.snapshot?.scratchPath).toBe(`/scratch/floe-${jobId}-s1.qcow2`)
  const actions = copyActions(fleecing, null) as readonly { data: Record<string, unknown> }[]
  expect(actions.map(({ data }) => data.device)).toEqual([`floe-${jobId}-v0`, `floe-${jobId}-v1`])
  expect(actions[0]?.data['on-cbw-error']).toBeUndefined()
  const bounded = { ...none, hasArgument: (_: string, name: string) => name === 'x-perf.max-workers' }
  expect(plan(disks, { capabilities: bounded })).toMatchObject({
    way: 'push',
    guestSafe: false,
    wayReason: expect.stringMatching(/older than 7\.1.*little in flight/),
  })
  expect(plan(disks, { capabilities: all, roots: rootsOf('a') })).toMatchObject({
    way: 'push',
    wayReason: expect.stringContaining('which device uses b'),
  })
  const full = {
    capabilities: all,
    roots: rootsOf('a', 'b'),
    scratch: () => ({ kind: 'no-room', reason: 'No room.' }) as const,
  }
  const push = plan(disks, full)
  expect(push).toMatchObject({
    way: 'push',
    guestSafe: true,
    givesWay: true,
    wayReason: expect.stringMatching(/^No room\./),
  })
  const given = copyActions(push, null) as readonly { data: Record<string, unknown> }[]
  expect(given[0]?.data).toMatchObject({ device: '#block-a', 'on-cbw-error': 'break-snapshot' })
  expect(plan(disks, { capabilities: null }).way).toBe('offline')
})

test('only what changed is copied where it is tracked, into an image that starts from the parent point, and tracking goes on', () => {
  const old = `floe-destination1-pointpoint01`
  const bitmap = { name: old, recording: true, persistent: true, busy: false, inconsistent: false, granularity: 65536 }
  const end = { ...bitmap, name: `${old}-end`, recording: false, dirtyBytes: 65536 }
  const history: History = {
    ...nothingYet,
    parents: [
      {
        pointId: 'pointpoint01' as PointId,
        createdAt: '2026-01-01T00:00:00.000Z',
        disks: [{ id: 'a' as DiskId, virtualSize: 1000, bitmap: old, witness: null, hasIndex: true }],
      },
    ],
    tracking: new Map([
      ['a', { diskId: 'a', bitmaps: [{ ...bitmap, dirtyBytes: 65536 }, end], keeps: 'persistent', witness: null }],
      ['b', { diskId: 'b', bitmaps: [], keeps: 'volatile', witness: null }],
    ] as unknown as [DiskId, never][]),
  }
  const disks = [disk('a'), disk('b')]
  const made = plan(disks, { capabilities: all, roots: rootsOf('a', 'b'), history })
  expect(made).toMatchObject({ kind: 'incremental', basis: 'all', bytesToCopy: 1000 + 400 })
  expect(made.disks[0]).toMatchObject({ basis: 'bitmap', parentId: 'pointpoint01', oldBitmap: old })
  const begun = expect.stringMatching(/^floe-destination1-pointpoint02-[0-9a-f]{8}$/)
  // The last piece counts as changed from the beginning.
  const last = { type: 'block-dirty-bitmap-merge', data: { target: begun, bitmaps: [expect.stringMatching(/-end$/)] } }
  expect(trackingActions(made, [])).toMatchObject([
    { type: 'block-dirty-bitmap-add', data: { node: '#block-a', name: begun, persistent: true } },
    last,
    { type: 'block-dirty-bitmap-add', data: { node: '#block-b', name: begun, persistent: false } },
    last,
  ])
  expect(trackingActions(made, ['b' as DiskId])).toHaveLength(2)
  const actions = copyActions(made, null) as readonly { type: string; data: Record<string, unknown> }[]
  expect(actions.map(({ type }) => type)).toEqual([
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-merge',
    'blockdev-backup',
    'blockdev-backup',
  ])
  expect(actions[2]?.data).toMatchObject({ sync: 'bitmap', 'bitmap-mode': 'never', device: `floe-${jobId}-v0` })
  expect(actions[3]?.data).toMatchObject({ sync: 'full' })
  // Straight from the disk, the bitmap itself is read, and never changed.
  const push = plan(disks, { history })
  expect(copyActions({ ...push, way: 'push' }, null)[0]?.data).toMatchObject({ bitmap: old, 'bitmap-mode': 'never' })
  expect(plan(disks, { capabilities: null, history }).disks[0]).toMatchObject({ oldBitmap: old, bitmap: null })
  expect(plan(disks, { history: { ...history, wished: 'full' } })).toMatchObject({ kind: 'full', basis: 'all' })
})
