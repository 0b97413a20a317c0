import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { faultOf } from '../../../electron/core/backup/whole-image.ts'
import { bytesIn } from '../../../electron/core/extents/extents.ts'
import { type Repository, writtenBitmap } from '../../../electron/core/repository/types.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { cloneVolume, cloningFileSystems } from '../../support/clone-volume.ts'
import { startQemu, type TestQemu } from '../../support/qemu.ts'
import { diskId, factsOf, never, newMachineId, newPoint, noProgress, testRepository } from '../../support/repository.ts'
import { until } from '../../support/run.ts'
import { volume } from '../../support/volume.ts'

const mebibyte = 1 << 20
const virtualSize = 48 * mebibyte + 4096
const id = diskId('vda')
/** What the guest does before each point: small and large writes, zeroes, discards, the disk's very end. */
const rounds = [
  ['write -P 1 0 5M', 'write -P 2 20M 3000k', `write -P 3 ${48 * mebibyte} 4096`],
  ['write -P 4 1000k 5k', 'write -z 2M 1M', 'discard 21M 512k', 'write -P 5 40M 64k'],
  ['write -P 6 2100k 700', `write -P 7 ${48 * mebibyte + 512} 512`, 'discard 40M 64k', 'write -P 8 30M 1500k'],
  [],
]

/** Copies the disk `d0` into a new point as a backup does: into a made image, in QEMU, from the bitmap of the last point. */
async function backUp(
  qemu: TestQemu,
  repository: Repository,
  destination: Destination,
  machineId: MachineId,
  parent: Point | null,
): Promise<Point> {
  const { monitor } = qemu
  const parentId: PointId | null = parent?.id ?? null
  const kind = parent ? 'incremental' : 'full'
  const point = newPoint({ machineId, kind, parentId, disks: [{ id, virtualSize, parentId }] })
  const open = await repository.open(destination.id, { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] })
  const partial = await repository.beginPoint(open, point)
  await repository.makeImage(partial, { id, virtualSize, parentId })
  const file = { driver: 'file', filename: partial.imagePath(id) }
  await monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 't0', backing: null, file })
  const written = { node: 't0', name: writtenBitmap, persistent: true, granularity: 65536 }
  await monitor.command('block-dirty-bitmap-add', written)
  const since = parent ? { sync: 'bitmap', bitmap: `floe-${parent.id}`, 'bitmap-mode': 'never' } : { sync: 'full' }
  await monitor.command('transaction', {
    actions: [
      { type: 'block-dirty-bitmap-add', data: { node: 'd0', name: `floe-${point.id}`, persistent: true } },
      { type: 'blockdev-backup', data: { 'job-id': 'j', device: 'd0', target: 't0', 'auto-dismiss': false, ...since } },
    ],
  })
  const jobs = () => monitor.command<{ status: string; error?: string }[]>('query-jobs')
  await until(async () => (await jobs()).every(({ status }) => status === 'concluded'), 'the copy')
  expect((await jobs()).map(({ error }) => error)).toEqual([undefined])
  await monitor.command('job-dismiss', { id: 'j' })
  await monitor.command('blockdev-del', { 'node-name': 't0' })
  const known = { virtualSize, identity: null, parent: parentId }
  expect(await faultOf(partial.imagePath(id), known, process.env)).toBeNull()
  const facts = factsOf(point)
  const basis = parent ? ('bitmap' as const) : ('all' as const)
  return repository.record(partial, { ...facts, disks: facts.disks.map((disk) => ({ ...disk, basis, parentId })) })
}

it.each(['ext4', ...cloningFileSystems] as const)(
  'points that QEMU wrote on %s show the disk at each of their instants, byte for byte',
  async (kind) => {
    using drive = kind === 'ext4' ? volume('ext4', 400) : cloneVolume(kind)
    await using qemu = await startQemu()
    await using test = await testRepository()
    const { repository } = test
    mkdirSync(join(drive.path, 'store'))
    const destination = await repository.addDestination(join(drive.path, 'store'), null)
    const machineId = newMachineId()
    const source = qemu.dir.file('disk.qcow2')
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', source, String(virtualSize)])
    const file = { driver: 'file', filename: source, discard: 'unmap' }
    await qemu.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'd0', discard: 'unmap', file })
    const points: { point: Point; raw: string }[] = []
    for (const [round, commands] of rounds.entries()) {
      for (const command of [...commands, 'flush']) {
        const line = `qemu-io d0 "${command}"`
        expect(await qemu.monitor.command('human-monitor-command', { 'command-line': line })).not.toMatch(/fail|error/i)
      }
      const raw = qemu.dir.file(`round-${round}.raw`)
      execFileSync('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', source, raw])
      const point = await backUp(qemu, repository, destination, machineId, points.at(-1)?.point ?? null)
      await repository.computeIndex(point.id, noProgress, never)
      points.push({ point, raw })
    }
    for (const [round, { point, raw }] of points.entries()) {
      const image = join(point.path, 'disk-vda.qcow2')
      execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', image, raw])
      expect(await repository.compareImage(point.id, id, raw, 'raw', noProgress, never)).toEqual([])
      expect(await repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: true })
      const needed = kind === 'ext4' ? points.slice(0, round).map((earlier) => earlier.point.id) : []
      expect(point).toMatchObject({ needs: needed.reverse(), storage: kind === 'ext4' ? 'chain' : 'clone' })
      const copied = await repository.copied(point.id, id)
      expect(point.adds).toBe(round === 0 ? point.adds : bytesIn(copied ?? []))
      if (round > 0) expect(point.adds).toBeLessThan(4 * mebibyte)
    }
    expect(await repository.copied(points[3]?.point.id as PointId, id)).toEqual([])
    expect(await repository.copied(points[1]?.point.id as PointId, id)).toEqual([
      { offset: 15 * 65536, length: 65536 },
      { offset: 2 * mebibyte, length: mebibyte },
      { offset: 21 * mebibyte, length: mebibyte / 2 },
      { offset: 40 * mebibyte, length: 65536 },
    ])
  },
)
