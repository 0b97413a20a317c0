import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { createRestoreService } from '../../../electron/core/restore/restore-service.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { type BackupWorld, backupWorld, worldPorts } from '../../support/backup-world.ts'
import { endPiece } from '../../support/kept-disk.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { pick, seeded } from '../../support/random.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const size = 64 << 20
const cluster = 64 << 10
const incrementals = 50
/** Clusters that the guest touches between two backups, and how much it writes in each. */
const touched = 16
const written = 8 << 10

interface Write {
  readonly offset: number
  readonly length: number
  readonly pattern: number
}

/** What the guest does before each point; the first is the disk as it was before the full backup. */
function everythingWritten(random: () => number): readonly (readonly Write[])[] {
  const clusters = Array.from({ length: size / cluster }, (_, index) => index)
  const anywhere = (index: number): Write => ({
    offset: index * cluster + Math.floor(random() * 14) * 4096,
    length: written,
    pattern: 1 + Math.floor(random() * 255),
  })
  const changes = Array.from({ length: incrementals }, () => pick(clusters, touched, random).map(anywhere))
  return [[{ offset: 0, length: 40 << 20, pattern: 7 }], ...changes]
}

/** Every point against the disk of its instant, which is built up again write by write. `points`: null where deleted. */
async function expectHistory(
  world: BackupWorld,
  points: readonly (Point | null)[],
  history: readonly (readonly Write[])[],
): Promise<void> {
  using dir = tempDir()
  const disk = Buffer.alloc(size)
  for (const [number, writes] of history.entries()) {
    for (const { offset, length, pattern } of writes) disk.fill(pattern, offset, offset + length)
    const point = points[number]
    if (!point) continue
    writeFileSync(dir.file('then.raw'), disk)
    const wrong = await difference(dir.file('then.raw'), world.image(point, 'vda'), { a: 'raw', b: 'qcow2' })
    expect(wrong, `point ${number}`).toBeNull()
  }
}

async function backUp(world: BackupWorld, qemu: TestQemu, history: readonly (readonly Write[])[]): Promise<Point[]> {
  const machine = await world.machine(qemu)
  const points: Point[] = []
  for (const writes of history) {
    for (const { offset, length, pattern } of writes) await qemu.write('vda', offset, length, pattern)
    points.push(world.pointOf(await world.run(machine, { check: true })))
  }
  return points
}

/** Restores a point as people do, to a new image, which must hold what the disk held after all of `history`. */
async function expectRestored(world: BackupWorld, point: Point, history: readonly (readonly Write[])[]): Promise<void> {
  using dir = tempDir()
  const { machines, repository, board, activity, topics } = world.floe
  const journalDir = homePaths(world.home.path).restoreJournals
  const services = { machines, repository, board, activity, topic: topics.restores }
  const restores = createRestoreService({ ...services, ports: worldPorts(), journalDir })
  const job = await board.whenFinal(await restores.toNewImage(point.id, dir.path, 'qcow2'))
  expect(job.state).toEqual({ kind: 'done' })
  const disk = Buffer.alloc(size)
  for (const { offset, length, pattern } of history.flat()) disk.fill(pattern, offset, offset + length)
  writeFileSync(dir.file('then.raw'), disk)
  const image = job.result?.images[0]?.path ?? ''
  expect(await difference(dir.file('then.raw'), image, { a: 'raw', b: 'qcow2' })).toBeNull()
}

test.each([
  ['chain', 'ext4'],
  ['clone', 'xfs'],
] as const)(
  'fifty incrementals in a row, stored by %s on %s: all are exact, the last costs what the second did, and any half may go',
  async (storage, fileSystem) => {
    const random = seeded(fileSystem.length)
    using drive = volume(fileSystem, 400)
    using dir = tempDir()
    const path = await createImage(dir.file('disk.qcow2'), size)
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
    await using world = await backupWorld({ destinationPath: join(drive.path, 'backups') })
    const { repository } = world.floe

    const history = everythingWritten(random)
    const points = await backUp(world, qemu, history)
    const [full, ...others] = points
    expect(full).toMatchObject({ kind: 'full', storage })
    for (const point of others) expect(point).toMatchObject({ kind: 'incremental', basis: 'bitmap', storage })
    await expectHistory(world, points, history)
    await expectRestored(world, points.at(-1) as Point, history)

    const [second, last] = [2, 50].map((number) => repository.point(points[number]?.id as Point['id']))
    expect(last?.adds).toBe(touched * cluster + endPiece)
    for (const part of ['adds', 'bytes'] as const) {
      const ratio = (last?.[part] ?? 0) / (second?.[part] ?? 1)
      expect(ratio, part).toBeGreaterThan(0.9)
      expect(ratio, part).toBeLessThan(1.1)
    }

    // The one that holds most is always among them, the newest is what the next one goes on from. Most go together.
    const [first, ...rest] = points.map(({ id }) => id)
    const doomed = [first as Point['id'], ...pick(rest.slice(0, -1), 24, random)]
    await repository.deletePoints(doomed.slice(0, 17))
    for (const id of doomed.slice(17)) await repository.deletePoint(id)
    expect(repository.points(null)).toHaveLength(points.length - 25)
    const left = points.map(({ id }) => (doomed.includes(id) ? null : repository.point(id)))
    await expectHistory(world, left, history)

    await qemu.write('vda', '1M', cluster, 99)
    const next = world.pointOf(await world.run(await world.machine(qemu), { check: true }))
    expect(next).toMatchObject({ kind: 'incremental', basis: 'bitmap', adds: cluster + endPiece })
    const more = [...history, [{ offset: 1 << 20, length: cluster, pattern: 99 }]]
    await expectHistory(world, [...left, next], more)
    await expectRestored(world, next, more)
  },
  900_000,
)
