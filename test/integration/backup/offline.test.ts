import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { boundProcessIds } from '../../../electron/core/qemu-img/index.ts'
import { createRestoreService } from '../../../electron/core/restore/restore-service.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { type BackupWorld, backupWorld, smallVolume, worldPorts } from '../../support/backup-world.ts'
import type { OfflineMoment } from '../../support/offline-child.ts'
import { createImage, difference, type QemuOptions, startQemu, type TestDisk } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Lets Floe meet the machine, and turns it off. */
async function offMachine(world: BackupWorld, options: QemuOptions): Promise<MachineId> {
  const qemu = await startQemu(options)
  const { id } = await world.machine(qemu)
  await qemu.quit()
  await until(async () => {
    await world.floe.machines.refresh()
    return world.floe.machines.get(id).state.kind === 'off'
  }, 'the machine to be off')
  qemu.dir[Symbol.dispose]()
  return id
}

async function filled(path: string, format: 'qcow2' | 'raw' = 'qcow2', megabytes = 24): Promise<TestDisk> {
  await createImage(path, '32M', format)
  await run('qemu-io', '-f', format, '-c', `write -P 5 1M ${megabytes}M`, path)
  return { id: 'vda', path, format }
}

async function slowCopy(world: BackupWorld, id: MachineId) {
  const job = await world.start(world.floe.machines.get(id), { limit: 2 << 20 })
  await world.reach(job, 'copying')
  await until(() => (world.floe.board.get(job).progress?.doneBytes ?? 0) > 0, 'the first bytes')
  return job
}

function expectNothingLeft(world: BackupWorld): void {
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(world.journals()).toEqual([])
  expect([...boundProcessIds()]).toEqual([])
}

describe('a machine that is off', () => {
  test('is backed up whole: chain, raw, UEFI variables, whatever their paths, and its points say that it was off', async () => {
    using dir = tempDir()
    const folder = dir.file(`odd, "name" %:'磁`)
    mkdirSync(folder)
    const base = `${folder}/base.raw`
    const top = `${folder}/top, of it.qcow2`
    const [code, vars] = [dir.file('code.fd'), dir.file('vars.fd')]
    await createImage(base, '16M', 'raw')
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 4M', base)
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', top)
    await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 2 2M 4M', top)
    const raw = await filled(`${folder}/b.raw`, 'raw', 3)
    await createImage(code, '4M', 'raw')
    await createImage(vars, '256k', 'raw')
    await using world = await backupWorld()
    const id = await offMachine(world, {
      disks: [
        { id: 'vda', path: top, format: 'qcow2' },
        { ...raw, id: 'vdb' },
      ],
      args: [
        ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
        ...['-drive', `if=pflash,unit=1,format=raw,file=${vars}`],
      ],
    })
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 7 0 64k', vars)
    // What was remembered of it is out of date by now.
    await run('qemu-img', 'resize', '-q', '-f', 'raw', raw.path, '48M')
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 9 40M 1M', raw.path)

    const preview = await world.floe.backups.preview({ machineId: id, destinationId: null, diskIds: null })
    expect(preview).toMatchObject({ way: 'offline', freeze: { wanted: false, reason: 'The machine is off.' } })
    const job = await world.run(world.floe.machines.get(id), { check: true })
    const point = world.pointOf(job)
    expect(point).toMatchObject({ consistency: 'offline', way: 'offline', freeze: null, index: { kind: 'complete' } })
    expect(job).toMatchObject({ way: { way: 'offline' }, instant: { consistency: 'offline' }, note: null })
    expect(point.disks.map((disk) => disk.virtualSize).sort((a, b) => a - b)).toEqual([256 << 10, 16 << 20, 48 << 20])
    expect(await difference(top, world.image(point, 'vda'))).toBeNull()
    expect(await difference(raw.path, world.image(point, 'vdb'), { a: 'raw' })).toBeNull()
    const firmware = point.disks.find((disk) => disk.firmware)
    expect(await difference(vars, `${point.path}/${firmware?.file}`, { a: 'raw' })).toBeNull()
    expect([...boundProcessIds()]).toEqual([])
  })

  test('and is restored from such a point', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const { machines, repository, board, activity, topics } = world.floe
    const point = world.pointOf(await world.run(machines.get(id), { check: true }))
    await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 77 0 8M', disk.path)
    const restores = createRestoreService({
      ...{ machines, repository, board, activity, ports: worldPorts() },
      topic: topics.restores,
      journalDir: world.home.file('restores'),
    })
    const final = await board.whenFinal(await restores.swap(point.id))
    expect(final.state).toEqual({ kind: 'done' })
    expect(await difference(disk.path, world.image(point, 'vda'))).toBeNull()
  })

  test('is paused, limited, resumed and cancelled like any other', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const { board } = world.floe
    const cancelled = await slowCopy(world, id)
    expect(board.get(cancelled).note).toContain('QEMU')
    await board.pause(cancelled)
    await world.reach(cancelled, 'paused')
    await board.cancel(cancelled)
    expect((await board.whenFinal(cancelled)).state).toEqual({ kind: 'cancelled' })
    expectNothingLeft(world)
    const job = await slowCopy(world, id)
    await board.pause(job)
    await world.reach(job, 'paused')
    await board.resume(job)
    await world.reach(job, 'copying')
    await board.setLimit(job, null)
    expect(await difference(disk.path, world.image(world.pointOf(await board.whenFinal(job)), 'vda'))).toBeNull()
  })

  test('waits for room on a full destination like any other, and goes on by itself', async () => {
    using dir = tempDir()
    using small = smallVolume(48 << 20)
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld({ destinationPath: `${small.path}/b` })
    const id = await offMachine(world, { disks: [disk] })
    const job = await slowCopy(world, id)
    execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2> /dev/null || true', 'fill', `${small.path}/others`])
    await world.floe.board.setLimit(job, null)
    await world.reach(job, 'paused')
    expect(world.floe.board.get(job).state).toMatchObject({ reason: 'no-space' })
    rmSync(`${small.path}/others`)
    expect(
      await difference(disk.path, world.image(world.pointOf(await world.floe.board.whenFinal(job)), 'vda')),
    ).toBeNull()
  })

  test('that runs again when its backup begins is backed up as a running one', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    await using _qemu = await startQemu({ disks: [disk] })
    expect(world.floe.machines.get(id).state.kind).toBe('off')
    const job = await world.run(world.floe.machines.get(id))
    expect(world.pointOf(job).way).not.toBe('offline')
  })
})

describe('a copy that may not show one instant is never taken for good', () => {
  test('a machine that is started meanwhile without locks ends the backup', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const job = await slowCopy(world, id)
    const file = { driver: 'file', filename: disk.path, locking: 'off' }
    const node = JSON.stringify({ driver: 'qcow2', 'node-name': 'x', file })
    await using _qemu = await startQemu({ args: ['-blockdev', node, '-device', 'virtio-blk-pci,drive=x'] })
    const { state } = await world.floe.board.whenFinal(job)
    expect(state).toMatchObject({ kind: 'failed', problem: { code: 'backup/started-while-off' } })
    expectNothingLeft(world)
  })

  test('a machine that respects locks does not start meanwhile, and the copy is good', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.raw'), 'raw')
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const job = await slowCopy(world, id)
    await expect(startQemu({ disks: [disk] })).rejects.toThrow(/lock/)
    await world.floe.board.setLimit(job, null)
    const point = world.pointOf(await world.floe.board.whenFinal(job))
    expect(await difference(disk.path, world.image(point, 'vda'), { a: 'raw' })).toBeNull()
  })

  test('is backed up while another machine runs on the same backing file', async () => {
    using dir = tempDir()
    const base = await filled(dir.file('base.qcow2'))
    const [one, two] = [dir.file('one.qcow2'), dir.file('two.qcow2')]
    for (const path of [one, two]) {
      await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', path)
    }
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [{ ...base, path: one }] })
    await using _other = await startQemu({ disks: [{ ...base, path: two }], name: 'another' })
    const point = world.pointOf(await world.run(world.floe.machines.get(id)))
    expect(point.consistency).toBe('offline')
    expect(await difference(one, world.image(point, 'vda'))).toBeNull()
  })

  test.each(['image', 'backing file'])('writing to the %s meanwhile ends the backup', async (which) => {
    using dir = tempDir()
    const base = await filled(dir.file('base'))
    const top = dir.file('top.qcow2')
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base.path, '-F', 'qcow2', top)
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [{ ...base, path: top }] })
    const job = await slowCopy(world, id)
    const file = openSync(which === 'image' ? top : base.path, 'r+')
    writeSync(file, 'x', 150_000)
    closeSync(file)
    const { state } = await world.floe.board.whenFinal(job)
    expect(state).toMatchObject({ kind: 'failed', problem: { code: 'backup/changed-while-off' } })
    expectNothingLeft(world)
  })

  test.each(['qcow2', 'raw'] as const)('a %s image in use by a QEMU without a socket is refused', async (format) => {
    using dir = tempDir()
    const disk = await filled(dir.file('a'), format)
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const node = { driver: format, 'node-name': 'x', file: { driver: 'file', filename: disk.path } }
    const args = ['-nodefaults', '-display', 'none', '-S', '-blockdev', JSON.stringify(node)]
    const other = spawn('qemu-system-x86_64', [...args, '-device', 'virtio-blk-pci,drive=x'], { stdio: 'inherit' })
    try {
      await until(() => {
        try {
          execFileSync('qemu-io', ['-f', 'raw', '-c', 'length', disk.path], { stdio: 'ignore' })
          return false
        } catch {
          return true
        }
      }, 'QEMU to hold its image')
      await expect(world.start(world.floe.machines.get(id))).rejects.toMatchObject({
        code: expect.stringMatching(/^(backup\/started-while-off|machine\/.*)$/),
      })
    } finally {
      other.kill('SIGKILL')
    }
    expectNothingLeft(world)
  })

  test('without a process list and open files to look at, the locks still tell', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a'), 'raw')
    const { platform } = worldPorts()
    let blind = false
    const ports = {
      platform: {
        ...platform,
        listProcesses: async () => (blind ? [] : platform.listProcesses()),
        openHolders: async (paths: readonly string[]) => (blind ? [] : platform.openHolders(paths)),
      },
    }
    await using world = await backupWorld({ ports })
    const id = await offMachine(world, { disks: [disk] })
    blind = true
    await using _qemu = await startQemu({ disks: [disk] })
    await expect(world.start(world.floe.machines.get(id))).rejects.toMatchObject({
      code: 'backup/started-while-off',
      message: expect.stringContaining('locked'),
    })
  })
})

describe('when it ends in the middle', () => {
  test('a daemon that dies takes its copy along, and the words say so', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const job = await slowCopy(world, id)
    const [pid] = [...boundProcessIds()]
    process.kill(pid as number, 'SIGKILL')
    const { state } = await world.floe.board.whenFinal(job)
    expect(state).toMatchObject({
      kind: 'failed',
      problem: { code: 'backup/interrupted', message: expect.stringContaining('qemu-storage-daemon') },
    })
    expectNothingLeft(world)
  })

  test('Floe that is closed frees the images at once, and the next one tidies up', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    await slowCopy(world, id)
    const floe = await world.restart(async () => {
      expect([...boundProcessIds()]).toEqual([])
      execFileSync('qemu-io', ['-f', 'raw', '-c', 'length', disk.path])
    })
    const [job] = floe.board.list()
    if (!job) throw new Error('The backup was forgotten')
    expect((await floe.board.whenFinal(job.id)).state).toMatchObject({
      kind: 'failed',
      problem: { code: 'backup/interrupted', message: expect.stringContaining('while Floe is open') },
    })
    expectNothingLeft(world)
    expect(
      await difference(disk.path, world.image(world.pointOf(await world.run(floe.machines.get(id))), 'vda')),
    ).toBeNull()
  })

  const childOf = (world: BackupWorld, id: MachineId, moment: OfflineMoment) => {
    const child = fileURLToPath(new URL('../../support/offline-child.ts', import.meta.url))
    const args = [child, world.home.path, id, String(process.pid), moment]
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  test('Floe that is killed leaves no daemon, and the next one tidies up', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const floe = await world.restart(async () => {
      const other = childOf(world, id, 'while copying')
      const line = await new Promise<string>((resolve) => other.stdout.once('data', (data) => resolve(String(data))))
      const pids = JSON.parse(line) as number[]
      expect(pids.map(isAlive)).toEqual([true])
      expect(world.partials()).not.toEqual([])
      other.kill('SIGKILL')
      await until(() => !pids.some(isAlive), 'the daemon to end after its Floe')
    })
    const [job] = floe.board.list()
    if (!job) throw new Error('The backup was forgotten')
    expect((await floe.board.whenFinal(job.id)).state).toMatchObject({
      kind: 'failed',
      problem: { code: 'backup/interrupted' },
    })
    expectNothingLeft(world)
  })

  test('Floe that is killed when the copy is whole and only its name is missing: the next one finishes it', async () => {
    using dir = tempDir()
    const disk = await filled(dir.file('a.qcow2'))
    await using world = await backupWorld()
    const id = await offMachine(world, { disks: [disk] })
    const floe = await world.restart(async () => {
      const other = childOf(world, id, 'before final-name')
      const signal = await new Promise((resolve) => other.once('exit', (_, by) => resolve(by)))
      expect(signal).toBe('SIGKILL')
      expect(world.partials()).not.toEqual([])
    })
    const [job] = floe.board.list()
    if (!job) throw new Error('The backup was forgotten')
    const point = world.pointOf(await floe.board.whenFinal(job.id))
    expect(point).toMatchObject({ way: 'offline', consistency: 'offline', index: { kind: 'complete' } })
    expect(await difference(disk.path, world.image(point, 'vda'))).toBeNull()
    expect(world.journals()).toEqual([])
  })
})

describe('what cannot be copied is named', () => {
  test('a missing image, by its path', async () => {
    using dir = tempDir()
    const disks = [await filled(dir.file('a.qcow2')), { ...(await filled(dir.file('b.qcow2'))), id: 'vdb' }]
    await using world = await backupWorld()
    const id = await offMachine(world, { disks })
    renameSync(dir.file('b.qcow2'), dir.file('moved.qcow2'))
    const machine = () => world.floe.machines.get(id)
    await expect(world.start(machine())).rejects.toMatchObject({
      message: expect.stringContaining(dir.file('b.qcow2')),
    })
    expectNothingLeft(world)
  })

  test('a machine whose disks were never seen', async () => {
    await using world = await backupWorld()
    const id = await offMachine(world, {})
    await expect(world.start(world.floe.machines.get(id))).rejects.toMatchObject({
      code: 'backup/no-disks',
      remedy: expect.stringContaining('Start'),
    })
  })
})
