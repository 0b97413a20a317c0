import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { assertIntact, writesOf } from '../../support/chain-of-points.ts'
import { cloneVolume } from '../../support/clone-volume.ts'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

/** What is deleted after each round, by the rounds in which the points were made. */
const deletions: readonly (readonly number[])[] = [[], [0], [], [2], [1, 3], [], [4, 5], [], [6, 7], []]

it.each(['ext4', 'xfs'] as const)(
  'on %s new points build upon what deletions left, and all that stay restore',
  async (kind) => {
    using drive = kind === 'ext4' ? volume('ext4', 200) : cloneVolume('xfs')
    await using test = await testRepository()
    const { repository } = test
    const destination = await repository.addDestination(join(drive.path, '.'), null)
    using disk = new TestDisk(4 << 20)
    const machineId = newMachineId()
    const raw = new Map<PointId, string>()
    const made: PointId[] = []
    const left = new Set<PointId>()
    for (const [round, deleted] of deletions.entries()) {
      const writes = writesOf(round + 1, disk.virtualSize)
      disk.write(writes)
      const [parent] = repository.parents(machineId, destination.id)
      const point = await addIncremental(repository, destination, disk, {
        machineId,
        parentId: parent?.pointId ?? null,
        writes,
      })
      expect(point.parentId).toBe(made.at(-1) ?? null)
      raw.set(point.id, disk.keep(`round-${round}`))
      made.push(point.id)
      left.add(point.id)
      // Every other point gets its content index only after its parent may have gone.
      if (round % 2 === 0) await repository.computeIndex(point.id, noProgress, never)
      const doomed = deleted.map((number) => made[number] as PointId)
      await repository.deletePoints(doomed)
      for (const id of doomed) left.delete(id)
      if (round % 2 === 1) await repository.computeIndex(point.id, noProgress, never)
      for (const id of left) {
        for (const named of [repository.point(id).parentId, ...repository.point(id).needs]) {
          if (named) expect(left).toContain(named)
        }
      }
    }
    await assertIntact(repository, { raw }, [...left])
    expect([...left]).toEqual([made[8], made[9]])
  },
)
