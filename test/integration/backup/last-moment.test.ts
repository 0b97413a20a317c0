import { execFileSync } from 'node:child_process'
import { renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { type BackupWorld, backupWorld, smallVolume } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

async function machineWithData(dir: TempDir): Promise<TestQemu> {
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 24M', path], { stdio: 'ignore' })
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

/** Connects as Floe does, with something happening just before or after QEMU is told to remove an image. */
function atRemoval(side: 'before' | 'after', act: () => Promise<void> | void): typeof connectQmp {
  return async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = async <T>(...[command, args, timing]: Parameters<typeof execute>): Promise<T> => {
      if (command === 'blockdev-del' && side === 'before') await act()
      const answer = await execute<T>(command, args, timing)
      if (command === 'blockdev-del' && side === 'after') await act()
      return answer
    }
    return session
  }
}

const targetOf = (world: BackupWorld) => {
  const found = world.partials().find((name) => name.endsWith('.qcow2'))
  if (!found) throw new Error(`No image among ${world.partials()}`)
  return join(world.destination.path, found)
}

async function expectNoPoint(world: BackupWorld, qemu: TestQemu): Promise<void> {
  const job = await world.run(await world.machine(qemu))
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/not-recorded' } })
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(await qemu.monitor.command('query-jobs')).toEqual([])
}

test('an image whose tables found no room when QEMU closed it is no restore point', async () => {
  using dir = tempDir()
  using small = smallVolume(80 << 20)
  await using qemu = await machineWithData(dir)
  // QEMU tells nobody that the last write of the tables failed: the job was good, and so is blockdev-del's answer.
  const fill = () =>
    execFileSync('sh', ['-c', `cat /dev/zero > '${join(small.path, 'others')}' || true`], { stdio: 'ignore' })
  await using world = await backupWorld({
    destinationPath: join(small.path, 'b'),
    connect: atRemoval('before', () => void fill()),
  })
  await expectNoPoint(world, qemu)
})

test('an image that was cut short before it was recorded is no restore point', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const cut = () => truncateSync(targetOf(world), statSync(targetOf(world)).size - (1 << 20))
  await using world: BackupWorld = await backupWorld({ connect: atRemoval('after', cut) })
  await expectNoPoint(world, qemu)
})

test('an image that was replaced by another sound one is no restore point', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const replace = async () => renameSync(await createImage(dir.file('empty.qcow2'), '64M'), targetOf(world))
  await using world: BackupWorld = await backupWorld({ connect: atRemoval('after', replace) })
  await expectNoPoint(world, qemu)
})
