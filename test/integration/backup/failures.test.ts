import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Destination } from '../../../shared/domain/destination.ts'
import { backupWorld, plainPush, smallVolume } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

/** A machine with one disk of 256 MiB that holds 96 MiB of data. */
async function machineWithData(dir: TempDir, args: readonly string[] = []): Promise<TestQemu> {
  const path = await createImage(dir.file('a.qcow2'), '256M')
  const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], args })
  for (let index = 0; index < 3; index += 1) await qemu.write('vda', `${index * 64}M`, '32M', 10 + index)
  await qemu.flush('vda')
  return qemu
}

async function leftovers(qemu: TestQemu): Promise<string[]> {
  const jobs = await qemu.monitor.command<{ id: string }[]>('query-jobs')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  return [...jobs.map((job) => job.id), ...nodes.map((node) => node['node-name'])].filter((name) =>
    name.startsWith('floe-'),
  )
}

test('a machine that is shut down in mid-copy is gone as well', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush })
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  await qemu.quit()
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/machine-gone' } })
  expect(world.partials()).toEqual([])
})

test('a full destination ends the backup, and leaves the points that were there', async () => {
  using dir = tempDir()
  using small = smallVolume(160 << 20)
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush, destinationPath: join(small.path, 'b') })
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { limit: 24 << 20 })
  await world.reach(id, 'copying')
  // Somebody else fills the drive.
  execFileSync('fallocate', [
    '-l',
    String(statfsSync(small.path).bavail * 4096 - (20 << 20)),
    join(small.path, 'others'),
  ])
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/destination-full' } })
  expect(world.partials()).toEqual([])
  expect(await leftovers(qemu)).toEqual([])
  rmSync(join(small.path, 'others'))
  world.pointOf(await world.run(machine))
})

/** 16-bit code that writes 4 KiB into every 64 KiB of its second disk, ever again, and a dot to the serial port for each. */
function writingGuest(dir: TempDir): string {
  const source = dir.file('guest.s')
  writeFileSync(
    source,
    `.code16
.globl _start
_start: ljmp $0,$1f
1: xorw %ax,%ax
  movw %ax,%ds
  movw %ax,%ss
  movw $0x7c00,%sp
again: movl $0, blocks+8
next: movw $blocks,%si
  movw $0x4300,%ax
  movb $0x81,%dl
  int $0x13
  movb $'.',%al
  jnc tell
  movb $'E',%al
tell: movw $0x3f8,%dx
  outb %al,%dx
  movw $0,%cx
  movw $4000,%dx
  movb $0x86,%ah
  int $0x15
  addl $128, blocks+8
  cmpl $520000, blocks+8
  jb next
  jmp again
.align 4
blocks: .byte 0x10,0
  .word 8, 0x9000, 0
  .long 0, 0
.org 510
.word 0xaa55
`,
  )
  const [object, sector] = [dir.file('guest.o'), dir.file('guest.bin')]
  execFileSync('as', ['--32', '-o', object, source])
  execFileSync('ld', ['-m', 'elf_i386', '-Ttext', '0x7c00', '--oformat', 'binary', '-o', sector, object])
  return sector
}

/** A machine whose guest keeps writing to the disk `data`; its serial port has a dot for each write, an E for a failed one. */
function startWritingMachine(dir: TempDir, path: string): Promise<TestQemu> {
  const boot = { driver: 'raw', 'node-name': 'boot', file: { driver: 'file', filename: writingGuest(dir) } }
  const data = { driver: 'qcow2', 'node-name': 'data', file: { driver: 'file', filename: path } }
  return startQemu({
    run: true,
    machine: 'pc,accel=tcg',
    args: [
      ...['-blockdev', JSON.stringify(boot), '-device', 'ide-hd,drive=boot,bootindex=1'],
      ...['-blockdev', JSON.stringify(data), '-device', 'virtio-blk-pci,drive=data,id=vdb,bootindex=2'],
      ...['-serial', `file:${dir.file('serial')}`],
    ],
  })
}

test('a guest that QEMU stopped over a full destination goes on writing, and no write of it is lost', async () => {
  using dir = tempDir()
  using small = smallVolume(150 << 20)
  const path = await createImage(dir.file('data.qcow2'), '256M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 96M', path])
  await using qemu = await startWritingMachine(dir, path)
  const written = async () => (await run('cat', dir.file('serial'))).replace(/[^.E]/g, '')
  await until(async () => (await written()).length > 20, 'the guest to write')
  await using world = await backupWorld({ settings: plainPush, destinationPath: join(small.path, 'b') })
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { diskIds: ['data'], limit: 1 << 20 })
  await world.reach(id, 'copying')
  execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2> /dev/null || true', 'fill', join(small.path, 'others')])
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/destination-full' } })
  const stops = qemu.monitor.events.filter((event) => event.event === 'STOP').length
  expect(stops).toBe(1)
  expect(await qemu.monitor.command('query-status')).toMatchObject({ status: 'running' })
  const length = (await written()).length
  await until(async () => (await written()).length > length + 20, 'the guest to go on')
  expect(await written()).not.toContain('E')
  expect(await leftovers(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
  await qemu.quit()
  await run('qemu-img', 'check', path)
})

test('a guest that its own full drive stopped is neither blamed on the destination nor let go on', async () => {
  using dir = tempDir()
  using small = smallVolume(60 << 20)
  const path = await createImage(join(small.path, 'data.qcow2'), '256M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 24M', path], { stdio: 'ignore' })
  await using qemu = await startWritingMachine(dir, path)
  await using world = await backupWorld({ settings: plainPush })
  const id = await world.start(await world.machine(qemu), { diskIds: ['data'], limit: 1 << 20 })
  await world.reach(id, 'copying')
  execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2> /dev/null || true', 'fill', join(small.path, 'others')])
  const status = () => qemu.monitor.command<{ status: string }>('query-status')
  await until(async () => (await status()).status === 'io-error', 'QEMU to stop the guest')
  await world.floe.board.setLimit(id, null)
  const job = await world.floe.board.whenFinal(id)
  world.pointOf(job)
  expect(await status()).toMatchObject({ status: 'io-error' })
  expect(qemu.monitor.events.filter((event) => event.event === 'RESUME')).toEqual([])
  expect(await leftovers(qemu)).toEqual([])
})

test('a guest that somebody stops during the backup stays stopped', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('data.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 24M', path], { stdio: 'ignore' })
  await using qemu = await startWritingMachine(dir, path)
  await using world = await backupWorld({ settings: plainPush })
  const id = await world.start(await world.machine(qemu), { diskIds: ['data'], limit: 1 << 20 })
  await world.reach(id, 'copying')
  await qemu.monitor.command('stop')
  await world.floe.board.setLimit(id, null)
  world.pointOf(await world.floe.board.whenFinal(id))
  expect(await qemu.monitor.command('query-status')).toMatchObject({ status: 'paused' })
})

test('a guest that somebody had stopped before is not started', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush })
  world.pointOf(await world.run(await world.machine(qemu)))
  expect(await qemu.monitor.command('query-status')).toMatchObject({ running: false })
})

test('a disk that another job holds is a clash, and that job goes on', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await qemu.monitor.command('drive-mirror', {
    'job-id': 'theirs',
    device: 'n-vda',
    target: dir.file('mirror.qcow2'),
    format: 'qcow2',
    sync: 'full',
    speed: 1 << 20,
  })
  await using world = await backupWorld({ settings: plainPush })
  await expect(world.run(await world.machine(qemu))).rejects.toMatchObject({
    code: 'backup/job-clash',
    params: { disk: 'n-vda', job: 'theirs', type: 'mirror' },
  })
  expect(await leftovers(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
  const jobs = await qemu.monitor.command<{ id: string; status: string }[]>('query-jobs')
  expect(jobs).toMatchObject([{ id: 'theirs', status: 'running' }])
})

test('a copy that somebody cancels from outside, and a disk that is unplugged, are told apart', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir, ['-device', 'virtio-scsi-pci,id=scsi'])
  await using world = await backupWorld({ settings: plainPush })
  const machine = await world.machine(qemu)
  const first = await world.start(machine, { limit: 4 << 20 })
  await world.reach(first, 'copying')
  await qemu.monitor.command('job-cancel', { id: `floe-${first}-j0` })
  expect((await world.floe.board.whenFinal(first)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/interrupted' },
  })
  const extra = await createImage(dir.file('extra.qcow2'), '64M')
  await qemu.monitor.hmp(`drive_add 0 if=none,id=extra,format=qcow2,file=${extra}`)
  await qemu.monitor.command('device_add', { driver: 'scsi-hd', drive: 'extra', id: 'extradev', bus: 'scsi.0' })
  await qemu.monitor.hmp('qemu-io extra "write 0 32M"')
  const second = await world.start(machine, { limit: 4 << 20, diskIds: ['extra'] })
  await world.reach(second, 'copying')
  await qemu.monitor.command('device_del', { id: 'extradev' })
  expect((await world.floe.board.whenFinal(second)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/disk-unplugged' },
  })
  expect(await leftovers(qemu)).toEqual([])
})

test('what cannot be backed up is refused before anything happens', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld({ settings: plainPush })
  const machine = await world.machine(qemu)
  await expect(world.start(machine, { diskIds: ['nothing'] })).rejects.toMatchObject({ code: 'backup/disk-unknown' })
  const id = await world.start(machine, { limit: 2 << 20 })
  await expect(world.start(machine)).rejects.toMatchObject({ code: 'backup/running-already' })
  await world.reach(id, 'copying')
  await world.floe.board.cancel(id)
  await world.floe.board.whenFinal(id)
  const inside = await world.floe.repository.addDestination(dir.path, 'Inside').catch((error: unknown) => error)
  if (inside instanceof Error) expect(inside).toMatchObject({ code: 'destination/holds-image' })
  else {
    const { id: destinationId } = inside as Destination
    await expect(world.start(machine, { destinationId })).rejects.toMatchObject({ code: 'destination/holds-image' })
  }
  const preview = await world.floe.backups.preview({
    machineId: machine.id,
    destinationId: world.destination.id,
    diskIds: null,
  })
  expect(preview).toMatchObject({ kind: 'full', way: 'push', enoughSpace: true, destinationId: world.destination.id })
  expect(preview.bytesToCopy).toBeGreaterThanOrEqual(96 << 20)
})
