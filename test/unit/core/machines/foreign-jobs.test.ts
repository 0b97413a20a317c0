import { describe, expect, it } from 'vitest'
import { clashError, clashOn } from '../../../../electron/core/machines/foreign-jobs.ts'
import type { BlockDevice, BlockGraph } from '../../../../electron/core/machines/inventory/block-types.ts'
import type { Disk } from '../../../../shared/domain/disk.ts'
import { DiskId } from '../../../../shared/domain/ids.ts'

const disk = (id: string): Disk => ({
  id: DiskId.parse(id),
  node: `n-${id}`,
  qdev: `/machine/peripheral/${id}/virtio-backend`,
  aliases: [],
  format: 'qcow2',
  virtualSize: 1,
  allocatedSize: 1,
  imagePath: `/vms/${id}.qcow2`,
  backingChain: [],
  readOnly: false,
  removable: false,
  firmware: false,
  exclusion: null,
  tracking: { kind: 'unknown' },
})
const device = (id: string, drv = 'qcow2', node = `n-${id}`): BlockDevice => ({
  device: '',
  qdev: `/machine/peripheral/${id}/virtio-backend`,
  removable: false,
  inserted: { 'node-name': node, drv, ro: false, file: `/vms/${id}.qcow2` },
})
const disks = [disk('a'), disk('b')]
const devices = [device('a'), device('b')]
const job = (name: string, type = 'backup', status = 'running') => ({ device: name, type, status })

/** Edges as `parent > child`, the words before a colon saying what a node is. */
function graphOf(...edges: string[]): BlockGraph {
  const names = [...new Set(edges.flatMap((edge) => edge.split(' > ')))]
  const typed = (name: string) => (name.includes(':') ? (name.split(':')[0] as string) : 'block-driver')
  return {
    nodes: names.map((name, id) => ({ id, type: typed(name), name: name.replace(/^.*:/, '') })),
    edges: edges.map((edge) => {
      const [parent = '', child = ''] = edge.split(' > ')
      return { parent: names.indexOf(parent), child: names.indexOf(child), name: 'file' }
    }),
  }
}

describe('somebody else’s work on a disk', () => {
  it('is found through the filter that a backup job puts above it', () => {
    const graph = graphOf('#cbw > n-b', '#cbw > target', 'block-job:theirs > #cbw', 'block-job:theirs > target')
    expect(clashOn(disks, { devices, jobs: [job('theirs')], graph })).toMatchObject({
      disk: { id: 'b' },
      job: 'theirs',
      type: 'backup',
      floe: false,
    })
  })

  it('is found below it, where a commit works on a backing file', () => {
    const graph = graphOf('n-a > base', 'block-job:merge > base')
    expect(clashOn(disks, { devices, jobs: [job('merge', 'commit')], graph })).toMatchObject({ disk: { id: 'a' } })
  })

  it('does not matter on a disk that is not chosen', () => {
    const graph = graphOf('#cbw > n-b', 'block-job:theirs > #cbw', 'n-a > file-a')
    expect(clashOn([disk('a')], { devices, jobs: [job('theirs')], graph })).toBeNull()
  })

  it('does not matter on a disk that only shares a device with nobody', () => {
    const graph = graphOf('block-backend:drv > n-a', 'block-backend:drv > n-b', 'block-job:theirs > n-b')
    expect(clashOn([disk('a')], { devices, jobs: [job('theirs')], graph })).toBeNull()
  })

  it('that is over is in nobody’s way', () => {
    expect(clashOn(disks, { devices, jobs: [job('theirs', 'backup', 'concluded')], graph: null })).toBeNull()
  })

  it('counts as in the way when QEMU does not tell where it is', () => {
    expect(clashOn(disks, { devices, jobs: [job('theirs', 'mirror')], graph: null })).toMatchObject({
      disk: { id: 'a' },
      type: 'mirror',
    })
  })

  it('may be a filter without a job: an instant that is read', () => {
    const filtered = [device('a'), device('b', 'copy-before-write', 'cbw0')]
    expect(clashOn(disks, { devices: filtered, jobs: [], graph: null })).toMatchObject({
      disk: { id: 'b' },
      job: null,
      type: 'copy-before-write',
    })
  })

  it('of another Floe is told as such', () => {
    const clash = clashOn(disks, { devices, jobs: [job('floe-0123456789ab-j0')], graph: null })
    expect(clash?.floe).toBe(true)
    const { message, params } = clashError('debian-dev', clash as NonNullable<typeof clash>)
    expect(message).toContain('of another Floe')
    expect(params).toMatchObject({ disk: 'a', job: 'floe-0123456789ab-j0', type: 'backup' })
  })
})
