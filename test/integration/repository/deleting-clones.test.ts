import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { assertIntact, assertTidy, makeChain } from '../../support/chain-of-points.ts'
import { cloneVolume, cloningFileSystems } from '../../support/clone-volume.ts'
import { testRepository } from '../../support/repository.ts'

it.each(cloningFileSystems)(
  'on %s any points go, the others stay whole, and what is counted is what there is',
  async (kind) => {
    using drive = cloneVolume(kind)
    using chain = await makeChain(join(drive.path, 'all'), [null, 0, 1, 1, 3, 4])
    expect(chain.points[1]).toMatchObject({ storage: 'clone', needs: [] })
    const free = () => {
      execFileSync('sync', ['-f', drive.path])
      if (kind === 'btrfs') execFileSync('btrfs', ['filesystem', 'sync', drive.path])
      const { bavail, bsize } = statfsSync(drive.path)
      return bavail * bsize
    }
    for (const [round, numbers] of [[0], [1], [0, 1, 3], [0, 1, 2, 3, 4]].entries()) {
      const path = join(drive.path, `copy-${round}`)
      execFileSync('cp', ['-a', '--reflink=always', chain.path, path])
      const removed = numbers.map((number) => chain.points[number]?.id as PointId)
      const left = chain.points.map(({ id }) => id).filter((id) => !removed.includes(id))
      await using test = await testRepository()
      const { repository } = test
      const { id } = await repository.addDestination(path, null)
      const total = () => repository.destination(id).backupBytes
      const before = total()
      const cost = await repository.deletionCost(removed)
      expect(cost.movedBytes).toBe(0)
      const { freedBytes } = await repository.deletePoints(removed)
      expect(freedBytes).toBe(cost.freedBytes)
      expect(before - total()).toBe(freedBytes)
      await assertIntact(repository, chain, left)
      assertTidy(left.map((pointId) => repository.point(pointId)))
      execFileSync('rm', ['-r', path])
    }
    await using test = await testRepository()
    await test.repository.addDestination(chain.path, null)
    const before = free()
    const removed = [0, 1, 2, 3].map((number) => chain.points[number]?.id as PointId)
    const { freedBytes } = await test.repository.deletePoints(removed)
    const real = free() - before
    // Of images this small, what a file system rounds up (XFS: 128 KiB for each write into a clone) and what it frees only
    // with a whole extent (btrfs) is as much as the data.
    expect(real / freedBytes).toBeGreaterThan(0.5)
    expect(real / freedBytes).toBeLessThan(2)
    expect(freedBytes).toBeGreaterThan(1 << 20)
  },
)
