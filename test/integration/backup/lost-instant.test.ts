import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { brittleVolume } from '../../support/brittle-volume.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { canSlowDown, slowVolume } from '../../support/slow-volume.ts'
import { tempDir } from '../../support/temp.ts'

test('a scratch drive that fails costs the backup, never a write of the guest', async () => {
  using dir = tempDir()
  using drive = brittleVolume()
  const path = await createImage(dir.file('a.qcow2'), '128M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 64M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld({ settings: { scratchFolder: drive.path } })
  const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
  await world.reach(id, 'copying')
  drive.wearOut()
  await qemu.write('vda', '48M', '1M', 9)
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/snapshot-lost' } })
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.partials()).toEqual([])
  await qemu.write('vda', '50M', '1M', 9)
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  expect(nodes.filter((node) => node['node-name'].startsWith('floe-'))).toEqual([])
})

test.runIf(canSlowDown())(
  'a scratch drive that is too slow costs the backup, and the guest does not wait for it',
  async () => {
    using dir = tempDir()
    using drive = slowVolume(200, 256 << 10)
    const path = await createImage(dir.file('a.qcow2'), '128M')
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 64M', path], { stdio: 'ignore' })
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
    await using world = await backupWorld({ settings: { scratchFolder: drive.path } })
    const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
    await world.reach(id, 'copying')
    // The old data of this write takes the drive a quarter of a minute: without a limit the guest would wait, and the copy hold.
    await qemu.write('vda', '48M', '4M', 9)
    expect(world.floe.board.get(id).state.kind).not.toBe('done')
    const job = await world.floe.board.whenFinal(id)
    expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/snapshot-lost' } })
    expect(world.partials()).toEqual([])
    const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
    expect(nodes.filter((node) => node['node-name'].startsWith('floe-'))).toEqual([])
  },
)

test('an instant that cannot be taken down yet is taken down later, and the copy counts', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 24M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
  await world.reach(id, 'copying')
  // Another program reads through Floe's filter, and so keeps it in use.
  const theirs = { driver: 'raw', 'node-name': 'theirs', 'read-only': true, file: `floe-${id}-c0` }
  await qemu.monitor.command('blockdev-add', theirs)
  await world.floe.board.setLimit(id, null)
  await until(() => world.floe.board.get(id).note?.includes('goes on trying'), 'the reason on the card')
  await qemu.monitor.command('blockdev-del', { 'node-name': 'theirs' })
  const job = await world.floe.board.whenFinal(id)
  expect(world.pointOf(job)).toMatchObject({ consistency: 'crash-consistent' })
  expect(job.note).not.toContain('goes on trying')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  expect(nodes.filter((node) => node['node-name'].startsWith('floe-'))).toEqual([])
})

test('an image that QEMU keeps costs the backup, and the guest gets its disk back all the same', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 24M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
  await world.reach(id, 'copying')
  const theirs = { driver: 'raw', 'node-name': 'theirs', 'read-only': true, file: `floe-${id}-t0` }
  await qemu.monitor.command('blockdev-add', theirs)
  await world.floe.board.setLimit(id, null)
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed' })
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  const ours = nodes.map((node) => node['node-name']).filter((name) => name.startsWith('floe-'))
  expect(ours).toEqual([`floe-${id}-t0`])
  expect(world.floe.repository.points(null)).toEqual([])
})

test.runIf(canSlowDown())('the guest gets its disk back while a slow drive still takes in the copy', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 40M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  using drive = slowVolume(128, 4 << 20)
  // The system takes everything at once, and the drive takes its time.
  execFileSync('mount', ['-o', 'remount,async', drive.path])
  await using world = await backupWorld({ destinationPath: `${drive.path}/backups` })
  const id = await world.start(await world.machine(qemu))
  const ownNodes = async () => {
    const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
    return nodes.map((node) => node['node-name']).filter((name) => name.startsWith('floe-'))
  }
  await until(async () => (await ownNodes()).includes(`floe-${id}-c0`), 'the instant to be taken')
  await until(async () => (await ownNodes()).join() === `floe-${id}-t0`, 'the image alone to be left')
  expect(world.floe.board.get(id).state).toMatchObject({ kind: 'finishing', step: 'Closing the images' })
  world.pointOf(await world.floe.board.whenFinal(id))
})

test.each(['runs on', 'has ended'])(
  'a copy whose images are closed counts after a restart of Floe, while its instant stays in a QEMU that %s',
  async (fate) => {
    using dir = tempDir()
    const path = await createImage(dir.file('a.qcow2'), '64M')
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 24M', path], { stdio: 'ignore' })
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
    await using world = await backupWorld()
    const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
    await world.reach(id, 'copying')
    const theirs = { driver: 'raw', 'node-name': 'theirs', 'read-only': true, file: `floe-${id}-c0` }
    await qemu.monitor.command('blockdev-add', theirs)
    await world.floe.board.setLimit(id, null)
    const journal = world.home.file('journals', 'backup', `${id}.jsonl`)
    await until(() => readFileSync(journal, 'utf8').includes('"closed":true'), 'the images to be closed')
    await world.restart(() =>
      fate === 'has ended' ? qemu.kill() : qemu.monitor.command('blockdev-del', { 'node-name': 'theirs' }),
    )
    const point = world.pointOf(await world.floe.board.whenFinal(id))
    expect(point).toMatchObject({ consistency: 'crash-consistent' })
    execFileSync('qemu-img', ['check', world.image(point, 'vda')], { stdio: 'ignore' })
    expect(readdirSync(world.home.file('scratch'), { recursive: true })).toEqual([])
  },
)
