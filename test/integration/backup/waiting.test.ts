import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { newJob } from '../../../electron/core/jobs/new-job.ts'
import { systemClock } from '../../../electron/core/ports/node-ports.ts'
import { isFinal } from '../../../shared/domain/job.ts'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const waitingTiming = { pollMs: 100, machinePollMs: 200, stableMs: 400 }
const whenPossible = { whenPossible: true }

async function diskWithData(dir: TempDir, name = 'a.qcow2'): Promise<string> {
  const path = await createImage(dir.file(name), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 8M', path], { stdio: 'ignore' })
  return path
}
const machineOn = (path: string): Promise<TestQemu> => startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })

/** The drive is pulled out, and comes back. */
function drive(world: BackupWorld) {
  const { path } = world.destination
  return {
    pull: () => renameSync(path, `${path}.away`),
    plug: () => renameSync(`${path}.away`, path),
  }
}

async function addForeignJob(qemu: TestQemu): Promise<void> {
  const path = await createImage(qemu.dir.file('theirs.qcow2'), '64M')
  const file = { driver: 'file', filename: path }
  await qemu.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'theirs-target', file })
  const job = { 'job-id': 'theirs', device: 'n-vda', target: 'theirs-target', sync: 'full', speed: 65_536 }
  await qemu.monitor.command('blockdev-backup', job)
}

test('a backup to a drive that is not there starts by itself when it is back for a while', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  const { pull, plug } = drive(world)
  pull()
  await expect(world.start(machine)).rejects.toMatchObject({ code: 'destination/missing' })
  const preview = await world.floe.backups.preview({ machineId: machine.id, destinationId: null, diskIds: null })
  expect(preview.obstacle?.code).toBe('destination/missing')
  const id = await world.start(machine, whenPossible)
  const { board } = world.floe
  expect(board.get(id).state).toMatchObject({ kind: 'waiting', for: 'destination' })
  await expect(world.start(machine, whenPossible), 'a second one').rejects.toMatchObject({
    code: 'backup/running-already',
  })
  plug()
  const backAt = Date.now()
  world.pointOf(await board.whenFinal(id))
  expect(Date.parse(board.get(id).startedAt as string) - backAt).toBeGreaterThanOrEqual(waitingTiming.stableMs)
})

test('a waiting backup can be taken off, and is not kept when Floe closes', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  drive(world).pull()
  const skipped = await world.start(machine, whenPossible)
  await world.floe.board.cancel(skipped)
  expect(world.floe.board.get(skipped).state.kind).toBe('cancelled')
  await world.start(machine, whenPossible)
  const floe = await world.restart(async () => drive(world).plug())
  expect(floe.board.list()).toEqual([])
  expect(world.journals()).toEqual([])
})

test('another program’s job on the disk is told by name, and the backup starts when it is over', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  await addForeignJob(qemu)
  const clash = { code: 'backup/job-clash', params: { disk: 'n-vda', job: 'theirs', type: 'backup' } }
  await expect(world.start(machine)).rejects.toMatchObject(clash)
  const preview = await world.floe.backups.preview({ machineId: machine.id, destinationId: null, diskIds: null })
  expect(preview.obstacle).toMatchObject(clash)
  const id = await world.start(machine, whenPossible)
  expect(world.floe.board.get(id).state).toMatchObject({ kind: 'waiting', for: 'disk-job', problem: clash })
  await qemu.monitor.command('job-cancel', { id: 'theirs' })
  world.pointOf(await world.floe.board.whenFinal(id))
})

test('a busy monitor is waited for', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  const other = await RawQmp.connect(qemu.qmpPath)
  await using world = await backupWorld({ waitingTiming })
  const busy = () => world.floe.machines.list().find(({ state }) => state.kind === 'busy')
  const machine = await until(busy, 'the machine to be found busy')
  const preview = await world.floe.backups
    .preview({ machineId: machine.id, destinationId: null, diskIds: null })
    .catch((error: unknown) => error)
  // Its disks were never seen, so there is nothing to preview.
  expect(preview).toMatchObject({ code: 'backup/no-disks' })
  const id = await world.start(machine, whenPossible)
  expect(world.floe.board.get(id).state).toMatchObject({
    kind: 'waiting',
    for: 'monitor',
    problem: { code: 'machine/busy' },
  })
  other.close()
  world.pointOf(await world.floe.board.whenFinal(id))
})

test('while the monitor of a machine that was backed up is busy, nothing is claimed of what only QEMU knows', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const { id } = await world.machine(qemu)
  const asked = { machineId: id, destinationId: null, diskIds: null }
  world.pointOf(await world.run(await world.machine(qemu), { check: true }))
  const seen = await world.floe.backups.preview(asked)
  expect(seen).toMatchObject({ basis: 'bitmap', obstacle: null })
  const others: RawQmp[] = []
  await world.restart(async () => {
    others.push(await RawQmp.connect(qemu.qmpPath))
  })
  await until(() => world.floe.machines.get(id).state.kind === 'busy', 'the machine to be found busy')
  const unseen = await world.floe.backups.preview(asked)
  expect(unseen.obstacle?.code).toBe('machine/busy')
  const unknown = 'What has to be copied is decided once QEMU can be asked what changed.'
  expect(unseen.kindReason).toBe(unknown)
  expect(unseen.disks.map(({ basisReason }) => basisReason)).toEqual([unknown])
  const inFull = await world.floe.backups.preview({ ...asked, kind: 'full' })
  expect(inFull).toMatchObject({ kind: 'full', kindReason: 'A full backup was asked for.' })
  for (const other of others) other.close()
  await until(async () => {
    const again = await world.floe.backups.preview(asked)
    return again.obstacle === null && again.basis === 'bitmap'
  }, 'the changes to be known again')
})

test('a machine that is off is waited for when that was wished, and backed up as it runs', async () => {
  using dir = tempDir()
  const path = await diskWithData(dir)
  await using world = await backupWorld({ waitingTiming })
  const first = await machineOn(path)
  const machine = await world.machine(first)
  await first.quit()
  await until(() => world.floe.machines.get(machine.id).state.kind === 'off', 'the machine to be off')
  const id = await world.start(machine, whenPossible)
  expect(world.floe.board.get(id).state).toMatchObject({ kind: 'waiting', for: 'machine' })
  await using qemu = await machineOn(path)
  const point = world.pointOf(await world.floe.board.whenFinal(id))
  expect(point.consistency).not.toBe('offline')
  expect(qemu.pid).toBeGreaterThan(0)
  await first[Symbol.asyncDispose]()
})

test('a machine that is off while its drive is away is copied from its images once the drive is back', async () => {
  using dir = tempDir()
  await using world = await backupWorld({ waitingTiming })
  const qemu = await machineOn(await diskWithData(dir))
  const machine = await world.machine(qemu)
  await qemu.quit()
  await until(() => world.floe.machines.get(machine.id).state.kind === 'off', 'the machine to be off')
  const { pull, plug } = drive(world)
  pull()
  const id = await world.start(machine, whenPossible)
  expect(world.floe.board.get(id).state).toMatchObject({ kind: 'waiting', for: 'destination' })
  plug()
  expect(world.pointOf(await world.floe.board.whenFinal(id)).consistency).toBe('offline')
  await qemu[Symbol.asyncDispose]()
})

test('what turns up after the wait is waited for, too, and the newest reason is told', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  const { pull, plug } = drive(world)
  pull()
  const id = await world.start(machine, whenPossible)
  await addForeignJob(qemu)
  plug()
  const { board } = world.floe
  const state = () => board.get(id).state
  await until(() => {
    const now = state()
    return now.kind === 'waiting' && now.for === 'disk-job'
  }, 'the job on the disk to be told')
  await qemu.monitor.command('job-cancel', { id: 'theirs' })
  world.pointOf(await board.whenFinal(id))
})

test('a waiting backup whose destination is taken off the list fails, and says so in the activity', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  drive(world).pull()
  const id = await world.start(machine, whenPossible)
  await world.floe.repository.removeDestination(world.destination.id)
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'destination/unknown' } })
  expect(world.floe.activity.list().some((entry) => entry.jobId === id)).toBe(true)
})

test('a machine that an export holds is refused by name, or backed up after it', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  const { board } = world.floe
  const held = newJob({ clock: systemClock, randomBytes }, 'export', { machineId: machine.id, machineName: 'it' })
  let end = () => {}
  board.enqueue(held, [`machine:${machine.id}`], {}, () => new Promise((resolve) => (end = resolve)))
  await until(() => board.get(held.id).state.kind === 'preparing', 'the export to begin')
  await expect(world.start(machine)).rejects.toMatchObject({ code: 'machine/has-jobs' })
  const id = await world.start(machine, whenPossible)
  expect(board.get(id).state).toMatchObject({ kind: 'queued', blockedBy: held.id })
  end()
  const job = await board.whenFinal(id)
  expect(isFinal(job.state)).toBe(true)
  world.pointOf(job)
})

test('a backup that waits is not put off by Floe’s own work on the machine, but queues behind it', async () => {
  using dir = tempDir()
  await using qemu = await machineOn(await diskWithData(dir))
  await using world = await backupWorld({ waitingTiming })
  const machine = await world.machine(qemu)
  const { pull, plug } = drive(world)
  pull()
  const waiting = await world.start(machine, whenPossible)
  using place = tempDir()
  const other = await world.floe.repository.addDestination(place.path, 'Other')
  const first = await world.start(machine, { destinationId: other.id, limit: 1 << 20 })
  await world.reach(first, 'copying')
  plug()
  const { board } = world.floe
  await until(() => board.get(waiting).state.kind !== 'waiting', 'the waiting backup to queue')
  expect(board.get(waiting).state).toMatchObject({ kind: 'queued', blockedBy: first })
  await board.setLimit(first, null)
  world.pointOf(await board.whenFinal(first))
  world.pointOf(await board.whenFinal(waiting))
})
