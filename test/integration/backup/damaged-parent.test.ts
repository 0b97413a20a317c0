import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { never, noProgress } from '../../support/repository.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

/** Flips one bit of the byte of the image file that holds this byte of guest data. */
function flip(path: string, guestOffset: number): void {
  const map = JSON.parse(execFileSync('qemu-img', ['map', '--output=json', '-f', 'qcow2', path], { encoding: 'utf8' }))
  const run = (map as { start: number; length: number; offset?: number }[]).find(
    ({ start, length }) => start <= guestOffset && guestOffset < start + length,
  )
  const at = (run?.offset ?? 0) + guestOffset - (run?.start ?? 0)
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
  closeSync(file)
}

test.each([
  { how: 'is read back', check: true },
  { how: 'is not read back', check: false },
])('a parent that is found damaged under a backup costs it its good end, when it $how', async ({ check }) => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', 0, '4M', 5)
  await using world = await backupWorld()
  const { repository, board } = world.floe
  const machine = await world.machine(qemu)
  const parent = world.pointOf(await world.run(machine, { check: true }))
  await qemu.write('vda', '32M', '24M', 6)
  const id = await world.start(machine, { check, limit: 2 << 20 })
  await world.reach(id, 'copying')
  await until(() => (board.get(id).progress?.doneBytes ?? 0) > 0, 'the first bytes')
  flip(world.image(parent, 'vda'), (1 << 20) + 5)
  expect(await repository.verify(parent.id, 'content', noProgress, never)).toMatchObject({ ok: false })
  await board.setLimit(id, null)
  const job = await board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/check-failed' } })
  const point = repository.points(machine.id).find((one) => one.id !== parent.id)
  expect(point).toMatchObject({ basis: 'bitmap', verification: { ok: false, foundIn: parent.id } })
  expect(job.result).toMatchObject({ ok: false, pointId: point?.id })
})
