import { expect, test } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { createRestoreService } from '../../../electron/core/restore/restore-service.ts'
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { type BackupWorld, backupWorld, worldPorts } from '../../support/backup-world.ts'
import { endPiece, exactPoint, expectDisk, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const cluster = 64 << 10

function restoresOf(world: BackupWorld) {
  const { machines, repository, board, activity, topics } = world.floe
  const journalDir = homePaths(world.home.path).restoreJournals
  const services = { machines, repository, board, activity, topic: topics.restores }
  return createRestoreService({ ...services, ports: worldPorts(), journalDir })
}

async function turnOff(world: BackupWorld, machine: Machine, qemu: TestQemu): Promise<void> {
  await qemu.quit()
  await until(async () => {
    await world.floe.machines.refresh()
    return world.floe.machines.get(machine.id).state.kind === 'off'
  }, 'the machine to be seen off')
}

test('after a restore, and after its undo, only what differs is backed up, and every point is exact', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  await using world = await backupWorld()
  const restores = restoresOf(world)
  const done = async (job: Promise<JobId>) => {
    expect((await world.floe.board.whenFinal(await job)).state).toEqual({ kind: 'done' })
  }
  const backUp = async (qemu: TestQemu) => {
    const disk = await kept.keep(qemu, 'vda', path)
    const machine = await world.machine(qemu)
    return { disk, machine, point: await exactPoint(world, world.run(machine, { check: true }), { vda: disk }) }
  }

  await using first = await startQemu({ disks })
  await first.write('vda', 0, '16M', 11)
  const full = await backUp(first)
  await first.write('vda', '4M', '2M', 12)
  const newer = await backUp(first)
  await first.write('vda', '20M', cluster, 13)
  const atEnd = await kept.keep(first, 'vda', path)
  await turnOff(world, full.machine, first)
  await done(restores.swap(full.point.id))
  expect(await difference(full.disk, path, { a: 'raw', b: 'qcow2' })).toBeNull()

  await using second = await startQemu({ disks })
  await second.write('vda', '10M', cluster, 14)
  const restored = await backUp(second)
  expect(restored.point).toMatchObject({ kind: 'incremental', basis: 'comparison', adds: 3 << 20 })
  await second.write('vda', '11M', cluster, 15)
  expect((await backUp(second)).point).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await turnOff(world, restored.machine, second)
  const [swap] = restores.restores()
  await done(restores.undo((swap as NonNullable<typeof swap>).id))
  expect(await difference(atEnd, path, { a: 'raw', b: 'qcow2' })).toBeNull()

  // The image of before still has the bitmap of the point that was its last.
  await using third = await startQemu({ disks })
  await third.write('vda', '12M', cluster, 16)
  const undone = await backUp(third)
  expect(undone.point).toMatchObject({ basis: 'bitmap', parentId: newer.point.id, adds: 2 * cluster + endPiece })
  for (const { point, disk } of [full, newer, restored, undone]) await expectDisk(world, point, 'vda', disk)
})
