import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Point } from '../../../shared/domain/point.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { bitmapsOf, diskOf, endPiece, exactPoint, expectDisk, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const cluster = 64 << 10

test('two destinations in turns: each has a bitmap of its own, gets what changed since its own last point, and both stay exact', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  using drive = volume('xfs', 400)
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  mkdirSync(join(drive.path, 'backups'))
  const other = await world.floe.repository.addDestination(join(drive.path, 'backups'), 'Other')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  let qemu = await startQemu({ disks })
  try {
    await qemu.write('vda', 0, '16M', 11)
    const history: { point: Point; disk: string }[] = []
    const last = new Map<string, Point>()
    const unseen = new Map([
      [world.destination.id, 0],
      [other.id, 0],
    ])
    // To which destination, and whether QEMU is started again before.
    const turns = ['one', 'two', 'one', 'one', 'two', 'restart one', 'two', 'two', 'one'] as const
    for (const [number, turn] of turns.entries()) {
      const { id: destinationId } = turn.endsWith('one') ? world.destination : other
      if (turn.startsWith('restart')) {
        await qemu.quit()
        await qemu[Symbol.asyncDispose]()
        qemu = await startQemu({ disks })
      }
      await qemu.write('vda', (number + 1) << 20, cluster, 20 + number)
      for (const [id, count] of unseen) unseen.set(id, count + 1)
      const disk = await kept.keep(qemu, 'vda', path)
      const machine = await world.machine(qemu)
      const point = await exactPoint(world, world.run(machine, { destinationId, check: true }), { vda: disk })
      const parent = last.get(destinationId)
      if (parent) {
        const adds = (unseen.get(destinationId) ?? 0) * cluster + endPiece
        expect(point).toMatchObject({ basis: 'bitmap', parentId: parent.id, adds })
      } else expect(point.kind).toBe('full')
      last.set(destinationId, point)
      unseen.set(destinationId, 0)
      history.push({ point, disk })
      const names = [...last.values()].map((one) => diskOf(one, 'vda').bitmap)
      expect(new Set((await bitmapsOf(qemu, 'vda')).map(({ name }) => name))).toEqual(new Set(names))
    }
    expect(new Set(history.map(({ point }) => point.storage))).toEqual(new Set(['chain', 'clone']))
    for (const { point, disk } of history) await expectDisk(world, point, 'vda', disk)
  } finally {
    await qemu[Symbol.asyncDispose]()
  }
})
