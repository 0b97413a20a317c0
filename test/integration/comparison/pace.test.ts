import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { exactPoint, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

test('what is read to compare keeps to the speed limit, and to a new one at once', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  await using world = await backupWorld()
  await using before = await startQemu({ disks })
  await before.write('vda', 0, '40M', 21)
  world.pointOf(await world.run(await world.machine(before), { check: true }))
  await before.write('vda', '5M', '64k', 22)
  await before.flush('vda')
  await before.kill()

  await using qemu = await startQemu({ disks })
  const content = { vda: await kept.keep(qemu, 'vda', path) }
  const { board } = world.floe
  // So slow that it would not end today.
  const id = await world.start(await world.machine(qemu), { check: true, limit: 1024 })
  await world.reach(id, 'comparing')
  for (let round = 0; round < 50; round += 1) await qemu.write('vda', '20M', '64k', round)
  expect(board.get(id).state.kind).toBe('comparing')
  await board.setLimit(id, null)
  const point = await exactPoint(world, board.whenFinal(id), content)
  expect(point).toMatchObject({ kind: 'incremental', basis: 'comparison' })
})
