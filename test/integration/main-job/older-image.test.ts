import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { endPiece, exactPoint, expectDisk, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

test('an older state of the image that is put back after a backup while off is not taken for what that backup saw', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  await using world = await backupWorld()
  await using first = await startQemu({ disks })
  await first.write('vda', 0, '16M', 51)
  const machine = await world.machine(first)
  world.pointOf(await world.run(machine, { check: true }))
  await first.quit()
  await run('cp', path, dir.file('older.qcow2'))
  await using second = await startQemu({ disks })
  await second.write('vda', '9M', '64k', 53)
  const then = await kept.keep(second, 'vda', path)
  await world.machine(second)
  await second.quit()
  await until(async () => {
    await world.floe.machines.refresh()
    return world.floe.machines.get(machine.id).state.kind === 'off'
  }, 'the machine to be seen off')
  const off = await exactPoint(world, world.run(machine, { check: true }), { vda: then })
  expect(off).toMatchObject({ consistency: 'offline', basis: 'bitmap', adds: (64 << 10) + endPiece })
  renameSync(dir.file('older.qcow2'), path)

  await using third = await startQemu({ disks })
  await third.write('vda', '12M', '64k', 54)
  const now = await kept.keep(third, 'vda', path)
  await exactPoint(world, world.run(await world.machine(third), { check: true }), { vda: now })
  await expectDisk(world, off, 'vda', then)
})
