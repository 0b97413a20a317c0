import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  copyJobName,
  filterNodeName,
  longestNodeName,
  targetNodeName,
} from '../../../../electron/core/backup/naming.ts'
import { type PlanInput, planBackup, spaceNeeded } from '../../../../electron/core/backup/plan.ts'
import { speedPerJob, startArguments } from '../../../../electron/core/backup/qemu-copy.ts'
import { fault } from '../../../../electron/core/backup/whole-image.ts'
import { Disk } from '../../../../shared/domain/disk.ts'
import type { JobId } from '../../../../shared/domain/ids.ts'

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

const plan = (inventory: Disk[], change: Partial<PlanInput> = {}) =>
  planBackup({ jobId, machineName: 'debian', inventory, wanted: null, capabilities: null, ...change })

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
  const { actions } = startArguments(made, 1001) as { actions: { type: string; data: Record<string, unknown> }[] }
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
