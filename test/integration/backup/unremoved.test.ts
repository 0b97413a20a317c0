import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeProblem } from '../../../shared/text/problems.ts'
import { backupWorld, plainPush, smallVolume } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// What is told of an unfinished copy that cannot be removed when its backup ends.
const mount = (...args: string[]) => execFileSync('mount', args)

/** A mounted drive at `m` of a volume of the test's own, which goes with it. */
function driveIn(volume: { readonly path: string }): string {
  const path = join(volume.path, 'm')
  mkdirSync(path)
  mount('-t', 'tmpfs', '-o', 'size=128m', 'floe-test', path)
  return path
}

/** From now on nothing can be changed at this path, while what is open there already goes on. */
function makeReadOnly(path: string): void {
  mount('--bind', path, path)
  mount('-o', 'remount,bind,ro', path)
}

async function machineWithData(dir: TempDir): Promise<TestQemu> {
  const path = await createImage(dir.file('a.qcow2'), '128M')
  const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', 0, '64M', 5)
  await qemu.flush('vda')
  return qemu
}

test('a copy on a drive that became read-only is not called removed, and goes once the drive can be written to', async () => {
  using dir = tempDir()
  using volume = smallVolume(1 << 20)
  const drive = driveIn(volume)
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush, destinationPath: drive })
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  makeReadOnly(drive)
  await qemu.kill()
  const { state } = await world.floe.board.whenFinal(id)
  expect(state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/machine-gone', params: { partialRemoved: false } },
  })
  expect(world.partials()).not.toEqual([])
  expect(world.journals()).toEqual([])
  if (state.kind !== 'failed') return
  expect(describeProblem(state.problem).body).toContain('The unfinished copy couldn’t be removed;')
  expect(describeProblem(state.problem).body).not.toContain('was removed')
  expect(world.floe.activity.list()[0]?.problem?.params).toMatchObject({ partialRemoved: false })
  await world.restart(async () => void execFileSync('umount', [drive]))
  expect(world.partials()).toEqual([])
})

test('a copy on a drive that went away is not called removed', async () => {
  using dir = tempDir()
  using volume = smallVolume(1 << 20)
  const drive = driveIn(volume)
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush, destinationPath: drive })
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  execFileSync('umount', ['-l', drive])
  expect((await world.floe.board.whenFinal(id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/destination-removed', params: { partialRemoved: false } },
  })
})

test('a backup that is cancelled says so too, and nothing in Floe holds the drive any longer', async () => {
  using dir = tempDir()
  using volume = smallVolume(1 << 20)
  const drive = driveIn(volume)
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush, destinationPath: drive })
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { limit: 2 << 20 })
  await world.reach(id, 'copying')
  makeReadOnly(drive)
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state).toEqual({ kind: 'cancelled', partialRemoved: false })
  execFileSync('umount', [drive])
  expect((await world.run(machine)).state.kind).toBe('done')
  await world.floe.repository.removeDestination(world.destination.id)
})

test('a copy that is removed when the backup ends is called so', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush })
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  await qemu.kill()
  expect((await world.floe.board.whenFinal(id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/machine-gone', params: { partialRemoved: true } },
  })
  expect(world.partials()).toEqual([])
})
