import { expect, it } from 'vitest'
import { FloeError } from '../../../electron/core/errors.ts'
import { assertNoClash } from '../../../electron/core/machines/foreign-jobs.ts'
import { readDisks } from '../../../electron/core/machines/inventory/inventory.ts'
import { createPlatform, systemClock } from '../../../electron/core/ports/node-ports.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

interface Stage extends AsyncDisposable {
  readonly dir: TempDir
  readonly qemu: TestQemu
  readonly session: QmpSession
  /** Who is in the way of a backup of these disks (default: both); null when nobody is. */
  clash(...only: string[]): Promise<FloeError | null>
}

const slow = 65_536

/** Two disks, `a` over a backing file and `b` on its own, each with 32 MiB of data. */
async function stage(): Promise<Stage> {
  const dir = tempDir('fo-')
  await createImage(dir.file('base.qcow2'), '64M')
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 0 32M', dir.file('base.qcow2'))
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', dir.file('a.qcow2'))
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 2 0 32M', dir.file('a.qcow2'))
  await createImage(dir.file('b.qcow2'), '64M')
  const disks = ['a', 'b'].map((id) => ({ id, path: dir.file(`${id}.qcow2`), format: 'qcow2' as const }))
  const qemu = await startQemu({ disks })
  const session = await connectQmp(
    { kind: 'unix', path: qemu.qmpPath },
    { clock: systemClock, platform: createPlatform() },
  )
  return {
    ...{ dir, qemu, session },
    clash: async (...only) => {
      const all = await readDisks(session, '/')
      const chosen = only.length === 0 ? all : all.filter(({ id }) => only.includes(id))
      return assertNoClash(session, 'test-machine', chosen).then(
        () => null,
        (error) => {
          if (error instanceof FloeError && error.code === 'backup/job-clash') return error
          throw error
        },
      )
    },
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

async function addTarget({ dir, qemu }: Stage, node: string): Promise<void> {
  const path = dir.file(`${node}.qcow2`)
  await createImage(path, '64M')
  const file = { driver: 'file', filename: path }
  await qemu.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': node, file })
}

it('a machine that nobody works on has no clash', async () => {
  await using it = await stage()
  expect(await it.clash()).toBeNull()
})

it.each(['blockdev-backup', 'blockdev-mirror'])('a foreign %s on a chosen disk is told by name', async (command) => {
  await using it = await stage()
  await addTarget(it, 'target')
  const job = { 'job-id': 'theirs', device: 'n-b', target: 'target', sync: 'full', speed: slow }
  await it.qemu.monitor.command(command, job)
  const clash = await it.clash()
  expect(clash?.params).toMatchObject({ disk: 'n-b', job: 'theirs', type: command.slice(9), floe: false })
  expect(clash?.message).toBe(
    `The disk n-b of test-machine is in use by the ${command.slice(9)} job "theirs" of another program.`,
  )
  expect(await it.clash('n-a'), 'the other disk').toBeNull()
  await it.qemu.monitor.command('block-job-cancel', { device: 'theirs', force: true })
  await expect.poll(() => it.clash()).toBeNull()
})

it('a foreign commit into the backing file of a chosen disk is told by name', async () => {
  await using it = await stage()
  const { monitor } = it.qemu
  await monitor.command('block-commit', { 'job-id': 'merge', device: 'n-a', speed: slow })
  expect((await it.clash('n-a'))?.params).toMatchObject({ disk: 'n-a', job: 'merge', type: 'commit' })
  expect(await it.clash('n-b')).toBeNull()
  await monitor.command('block-job-cancel', { device: 'merge', force: true })
  await expect.poll(() => it.clash()).toBeNull()
})

it('a concluded job that nobody dismissed yet is in nobody’s way', async () => {
  await using it = await stage()
  await addTarget(it, 'target')
  const job = { 'job-id': 'theirs', device: 'n-b', target: 'target', sync: 'full', 'auto-dismiss': false }
  await it.qemu.monitor.command('blockdev-backup', job)
  await expect.poll(() => it.clash()).toBeNull()
  expect(await it.qemu.monitor.command('query-block-jobs')).toMatchObject([{ device: 'theirs', status: 'concluded' }])
})

it('an instant of a disk that somebody reads is told, too, and one of another Floe as such', async () => {
  await using it = await stage()
  const { monitor } = it.qemu
  for (const name of ['cbw0', 'floe-0123456789ab-c0']) {
    await addTarget(it, `scratch-${name}`)
    const filter = { driver: 'copy-before-write', 'node-name': name, file: 'n-b', target: `scratch-${name}` }
    await monitor.command('blockdev-add', filter)
    const device = { path: '/machine/peripheral/b/virtio-backend', property: 'drive' }
    await monitor.command('qom-set', { ...device, value: name })
    const clash = await it.clash()
    expect(clash?.params).toMatchObject({ disk: 'n-b', job: null, type: 'copy-before-write', floe: name !== 'cbw0' })
    await monitor.command('qom-set', { ...device, value: 'n-b' })
    expect(await it.clash()).toBeNull()
  }
})
