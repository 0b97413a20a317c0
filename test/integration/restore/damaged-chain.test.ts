import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { flipByte } from '../../support/flip-byte.ts'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, noProgress } from '../../support/repository.ts'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'
import { tempDir } from '../../support/temp.ts'

// ux.md 3.3, R3.
it('a point that needs damaged bytes of an earlier one is not restored in any way, and the nearest good one is named', async () => {
  await using world = await restoreWorld([{ id: 'vda', format: 'qcow2' }])
  await using floe = await openRestoreFloe(world.home)
  using disk = new TestDisk(8 << 20)
  using target = tempDir()
  const { repository, restores } = floe
  const destination = repository.destinations()[0]
  if (!destination) throw new Error('The world has no destination.')
  const stored = join(world.point.path, 'disk-vda.qcow2')
  execFileSync('qemu-img', ['convert', '-n', '-f', 'qcow2', '-O', 'raw', stored, disk.path])
  const add = async (writes: readonly { offset: number; length: number }[]) => {
    disk.write(writes)
    const wish = { machineId: world.machineId, parentId: world.point.id, writes }
    const { id } = await addIncremental(repository, destination, disk, wish)
    return repository.computeIndex(id, noProgress, never)
  }
  const needing = await add([{ offset: 5 << 20, length: 65536 }])
  const overwriting = await add([{ offset: 0, length: 1 << 20 }])
  flipByte(stored, Buffer.alloc(65536, 10))
  expect(await repository.verify(world.point.id, 'content', noProgress, never)).toMatchObject({ ok: false })

  for (const id of [world.point.id, needing.id]) {
    const { ok, checks } = await restores.preflight(id)
    expect(ok).toBe(false)
    expect(checks.find(({ check }) => check === 'point-readable')).toMatchObject({
      result: 'blocked',
      title: 'This point can’t be restored',
      detail: expect.stringContaining(`Nearest good point: ${overwriting.createdAt}.`),
    })
    await expect(restores.swap(id)).rejects.toMatchObject({
      code: 'point/damaged',
      params: { nearestId: overwriting.id, nearestAt: overwriting.createdAt },
    })
  }
  const blocked = await restores.toNewImage(needing.id, target.path, 'qcow2').then(
    async (job) => floe.board.whenFinal(job),
    (error: unknown) => ({ state: { kind: 'failed', problem: error } }),
  )
  expect(blocked.state).toMatchObject({ kind: 'failed', problem: { code: 'point/damaged' } })
  await floe.done(await restores.toNewImage(overwriting.id, target.path, 'qcow2'))
})
