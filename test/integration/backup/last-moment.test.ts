import { execFileSync } from 'node:child_process'
import { renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

async function machineWithData(dir: TempDir): Promise<TestQemu> {
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 24M', path], { stdio: 'ignore' })
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

type Act = () => Promise<void> | void

/** Connects as Floe does, with something happening just before and after QEMU is told to remove an image. */
function atRemoval(acts: { readonly before?: Act; readonly after?: Act }): typeof connectQmp {
  return async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = async <T>(...[command, args, timing]: Parameters<typeof execute>): Promise<T> => {
      const isImage = command === 'blockdev-del' && /-t\d+$/.test(String(args?.['node-name']))
      if (isImage) await acts.before?.()
      const answer = await execute<T>(command, args, timing)
      if (isImage) await acts.after?.()
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

async function expectNoPoint(world: BackupWorld, qemu: TestQemu, why: RegExp): Promise<void> {
  const job = await world.run(await world.machine(qemu))
  expect(job.state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/not-recorded', message: expect.stringMatching(why) },
  })
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(await qemu.monitor.command('query-jobs')).toEqual([])
}

/** Connects as Floe does; every target fails at these steps once its first table exists, as a failing drive would. */
function failingTables(events: readonly string[]): typeof connectQmp {
  return async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = (command, args, timing) => {
      if (command !== 'blockdev-add' || !/-t\d+$/.test(String(args?.['node-name'])))
        return execute(command, args, timing)
      const rules = events.map((event) => ({ event, state: 2, errno: 5 }))
      const file = {
        driver: 'blkdebug',
        image: args?.file,
        'inject-error': rules,
        'set-state': [{ event: 'l2_update', state: 1, new_state: 2 }],
      }
      return execute(command, { ...args, file }, timing)
    }
    return session
  }
}

// QEMU tells nobody: the job was good, and so is blockdev-del's answer. Only a look at the image can tell.
test.each([[['l2_update']], [['l2_update', 'refblock_update_part']], [['refblock_update_part']]])(
  'an image whose tables (%s) were lost when QEMU closed it is no restore point',
  async (events) => {
    using dir = tempDir()
    await using qemu = await machineWithData(dir)
    await using world = await backupWorld({ connect: failingTables(events) })
    await expectNoPoint(world, qemu, /not whole: .*tables/)
  },
)

test('a target that fails in mid-copy is a write error, and nothing is left of it', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ connect: failingTables(['write_aio']) })
  const job = await world.run(await world.machine(qemu))
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/write-error' } })
  expect(world.partials()).toEqual([])
  expect(await qemu.monitor.command('query-jobs')).toEqual([])
  expect(JSON.stringify(await qemu.monitor.command('query-named-block-nodes', { flat: true }))).not.toContain('"floe-')
})

test('an image that QEMU finds damaged in mid-copy ends the backup, and nothing of it stays in QEMU', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const connect: typeof connectQmp = async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = async <T>(...[command, args, timing]: Parameters<typeof execute>): Promise<T> => {
      const answer = await execute<T>(command, args, timing)
      // The instant is about to be taken; the image is open already.
      if (command === 'human-monitor-command') truncateSync(targetOf(world), 0)
      return answer
    }
    return session
  }
  await using world: BackupWorld = await backupWorld({ connect })
  const job = await world.run(await world.machine(qemu))
  expect(job.state.kind).toBe('failed')
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(await qemu.monitor.command('query-jobs')).toEqual([])
  expect(JSON.stringify(await qemu.monitor.command('query-named-block-nodes', { flat: true }))).not.toContain('"floe-')
})

test('an image that was cut short before it was recorded is no restore point', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const cut = () => truncateSync(targetOf(world), statSync(targetOf(world)).size - (1 << 20))
  await using world: BackupWorld = await backupWorld({ connect: atRemoval({ after: cut }) })
  await expectNoPoint(world, qemu, /not whole/)
})

test('an image that was replaced by another sound one is no restore point', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const replace = async () => renameSync(await createImage(dir.file('empty.qcow2'), '64M'), targetOf(world))
  await using world: BackupWorld = await backupWorld({ connect: atRemoval({ after: replace }) })
  await expectNoPoint(world, qemu, /not whole/)
})
