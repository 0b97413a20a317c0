import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytesIn } from '../../../electron/core/extents/extents.ts'
import { computeContentIndex } from '../../../electron/core/repository/content-index/compute.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import { cloneVolume, cloningFileSystems } from '../../support/clone-volume.ts'
import { addIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const kiB = 1024
const miB = 1024 * kiB
const rounds: readonly (readonly Write[])[] = [
  [
    { offset: 0, length: 3 * miB },
    { offset: 9 * miB, length: 128 * kiB },
    { offset: 15 * miB, length: 64 * kiB },
  ],
  [
    { offset: miB, length: 64 * kiB },
    { offset: 2 * miB, length: 512 * kiB, zero: true },
    { offset: 12 * miB, length: 64 * kiB },
  ],
  [
    { offset: 9 * miB, length: 64 * kiB },
    { offset: 16 * miB, length: 64 * kiB },
  ],
]

function place(kind: 'ext4' | (typeof cloningFileSystems)[number]) {
  return kind === 'ext4' ? volume('ext4', 200) : cloneVolume(kind)
}

describe.each(['ext4', ...cloningFileSystems] as const)('three points on %s', (kind) => {
  it('each read back as the disk was, whole by the images that the manifests name', async () => {
    using drive = place(kind)
    await using made = await testRepository()
    using disk = new TestDisk(16 * miB + 64 * kiB)
    const { repository } = made
    mkdirSync(join(drive.path, 'store'))
    const destination = await repository.addDestination(join(drive.path, 'store'), null)
    expect(destination.storage).toBe(kind === 'ext4' ? 'chain' : 'clone')
    const machineId = newMachineId()
    const kept: { id: PointId; path: string; raw: string }[] = []
    let parentId: Parameters<typeof addIncremental>[3]['parentId'] = null
    for (const [round, writes] of rounds.entries()) {
      disk.write(writes)
      const point = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
      expect(point.disks[0]?.file && existsSync(join(point.path, point.disks[0].file))).toBe(true)
      kept.push({ id: point.id, path: point.path, raw: disk.keep(`round-${round}`) })
      const copied = await repository.copied(point.id, disk.id)
      expect(copied).toEqual([...writes].map(({ offset, length }) => ({ offset, length })))
      if (round > 0) expect(point.adds).toBe(bytesIn(copied ?? []))
      let read = 0
      await repository.computeIndex(
        point.id,
        (done) => {
          read = done
        },
        never,
      )
      if (round > 0) expect(read).toBeLessThanOrEqual(3 * miB)
      parentId = point.id
    }
    for (const { id, path, raw } of kept) {
      const image = join(path, 'disk-vda.qcow2')
      execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', image, raw])
      const afresh = await computeContentIndex(made.ports, { path: raw, format: 'raw' }, noProgress, never)
      expect(Buffer.from((await repository.contentIndex(id, disk.id)).hashes)).toEqual(Buffer.from(afresh.index.hashes))
      expect(await repository.verify(id, 'content', noProgress, never)).toMatchObject({ ok: true })
      expect(execFileSync('qemu-img', ['info', image], { encoding: 'utf8' })).not.toContain('floe-written')
    }
    expect(repository.parents(machineId, destination.id).map(({ pointId }) => pointId)).toEqual(
      kept.map(({ id }) => id).reverse(),
    )
    for (const { id } of kept) await repository.assertReadable(id)
  })
})
