import { expect, it } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { endPiece } from '../../support/kept-disk.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

/** What the disk holds now, as an image of its own. */
async function remembered(qemu: TestQemu, path: string, copy: string): Promise<string> {
  await qemu.flush('vda')
  await run('qemu-img', 'convert', '-U', '-O', 'qcow2', path, copy)
  return copy
}

it('after QEMU was killed the next backup is by comparison and copies what changed, and the one after it is by bitmap', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '96M')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  await using world = await backupWorld()
  await using first = await startQemu({ disks })
  await first.write('vda', 0, '40M', 3)
  const before = await remembered(first, path, dir.file('1'))
  const full = world.pointOf(await world.run(await world.machine(first), { check: true }))
  expect(full).toMatchObject({
    kind: 'full',
    basis: 'all',
    disks: [{ basis: 'all', bitmap: expect.stringMatching(/^floe-/) }],
  })
  expect(await difference(before, world.image(full, 'vda'))).toBeNull()
  await first.kill()

  await using second = await startQemu({ disks })
  const machine = await world.machine(second)
  await second.write('vda', '10M', '64k', 9)
  await second.write('vda', '80M', '64k', 9)
  const state = await remembered(second, path, dir.file('2'))
  const id = await world.start(machine, { check: true, prove: true })
  const past = ['comparing', 'copying', 'checking', 'proving', 'finishing', 'done']
  await until(() => past.includes(world.floe.board.get(id).state.kind), 'the instant')
  await second.monitor.hmp('qemu-io -d /machine/peripheral/vda/virtio-backend "write -z 80M 64k"')
  const compared = world.pointOf(await world.floe.board.whenFinal(id))
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison', parentId: full.id })
  expect(compared.kindReason).toMatch(/cut off, because QEMU ended without storing it/)
  expect(compared.verification).toMatchObject({ level: 'live', ok: true })
  expect(compared.adds).toBeLessThanOrEqual(2 << 20)
  expect(await difference(state, world.image(compared, 'vda'))).toBeNull()

  await second.write('vda', '20M', '64k', 8)
  const later = await remembered(second, path, dir.file('3'))
  const next = world.pointOf(await world.run(machine, { check: true }))
  expect(next).toMatchObject({ kind: 'incremental', basis: 'bitmap', parentId: compared.id, adds: 131072 + endPiece })
  expect(await difference(later, world.image(next, 'vda'))).toBeNull()
})
