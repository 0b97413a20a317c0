import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, noProgress } from '../../support/repository.ts'
import { openRestoreFloe, type RestoreFloe, restoreWorld, type World } from '../../support/restore-world.ts'
import { tempDir } from '../../support/temp.ts'

const writes = [
  { offset: 1 << 20, length: 1 << 16 },
  { offset: 4 << 20, length: 1 << 17, zero: true },
]

/** A point over the world's own one, and what it holds. */
async function pointOver(world: World, floe: RestoreFloe, disk: TestDisk) {
  const parent = join(world.point.path, 'disk-vda.qcow2')
  execFileSync('qemu-img', ['convert', '-n', '-f', 'qcow2', '-O', 'raw', parent, disk.path])
  disk.write(writes)
  const destination = floe.repository.destinations()[0]
  if (!destination) throw new Error('The world has no destination.')
  const { machineId } = world
  const added = await addIncremental(floe.repository, destination, disk, {
    machineId,
    parentId: world.point.id,
    writes,
  })
  expect(added).toMatchObject({ storage: 'chain', needs: [world.point.id] })
  return added
}

const compare = (path: string, format: string, disk: TestDisk) =>
  execFileSync('qemu-img', ['compare', '-f', format, '-F', 'raw', path, disk.path], { stdio: 'pipe' })

it.each(['checked', 'not checked'])(
  'new images from a point in a chain, %s, stand alone and hold what it holds',
  async (how) => {
    await using world = await restoreWorld([{ id: 'vda', format: 'qcow2' }])
    await using floe = await openRestoreFloe(world.home)
    using disk = new TestDisk(8 << 20)
    using target = tempDir()
    const point = await pointOver(world, floe, disk)
    if (how === 'checked') await floe.repository.computeIndex(point.id, noProgress, never)
    const job = await floe.restores.toNewImage(point.id, target.path, 'qcow2')
    await expect(floe.repository.deletePoint(world.point.id)).rejects.toMatchObject({ code: 'point/in-use' })
    await floe.done(job)
    const [image] = floe.board.get(job).result?.images ?? []
    compare(image?.path ?? '', 'qcow2', disk)
    const info = JSON.parse(
      execFileSync('qemu-img', ['info', '--output=json', image?.path ?? ''], { encoding: 'utf8' }),
    )
    expect(info).not.toHaveProperty('backing-filename')
  },
)
