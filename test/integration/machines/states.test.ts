import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { createImage } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

const qmp = ['-qmp', 'unix:q,server=on,wait=off']

it('a killed machine is off', async () => {
  using dir = shortTemp()
  await using qemu = spawnQemu(dir, ['-name', 'victim', ...qmp])
  await using machines = await startMachines(dir)
  await machines.becomes('victim', 'guest-paused')
  await qemu.kill()
  const machine = await machines.becomes('victim', 'off')
  expect(machine.pid).toBeNull()
  await expect(machines.service.acquire(machine.id)).rejects.toMatchObject({ code: 'machine/off' })
})

it('a machine without a socket is off when its process has ended', async () => {
  using dir = shortTemp()
  await using qemu = spawnQemu(dir, ['-name', `silent ${dir.path}`])
  await using machines = await startMachines(dir)
  await machines.becomes(`silent ${dir.path}`, 'no-socket')
  await qemu.kill()
  await machines.becomes(`silent ${dir.path}`, 'off')
})

it('guest CPUs that stop and go on are followed at once', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, ['-name', 'guest', ...qmp, '-qmp', 'unix:own,server=on,wait=off'])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('guest', 'guest-paused')
  expect(machine.state).toEqual({ kind: 'guest-paused', status: 'prelaunch' })
  const other = await RawQmp.connect(dir.file('own'))
  await other.command('cont')
  await machines.becomes('guest', 'running', 4_000)
  await other.command('stop')
  expect((await machines.becomes('guest', 'guest-paused', 4_000)).state).toMatchObject({ status: 'paused' })
  other.close()
})

it('a socket that another program holds makes the machine busy with that program by name', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, ['-name', 'taken', ...qmp])
  const script = `const s = require('node:net').connect('${dir.file('q')}'); s.on('data', () => console.log('in')); s.on('error', () => process.exit(1))`
  const holder = await until(async () => {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    const isIn = await new Promise<boolean>((resolve) => {
      child.stdout.once('data', () => resolve(true))
      child.once('exit', () => resolve(false))
    })
    return isIn ? child : null
  }, 'the other program to get the socket')
  try {
    await using machines = await startMachines(dir)
    const machine = await machines.becomes('taken', 'busy')
    expect(machine.state).toMatchObject({ kind: 'busy', pid: holder.pid, program: 'node' })
    await expect(machines.service.acquire(machine.id)).rejects.toMatchObject({ code: 'machine/busy' })
    holder.kill()
    await machines.becomes('taken', 'guest-paused')
  } finally {
    holder.kill()
  }
})

it('a stopped QEMU is silent and comes back', async () => {
  using dir = shortTemp()
  await using qemu = spawnQemu(dir, ['-name', 'frozen', ...qmp])
  await using machines = await startMachines(dir, { timing: { watchedMs: 1_000, statusTimeoutMs: 1_000 } })
  await machines.becomes('frozen', 'guest-paused')
  qemu.signal('SIGSTOP')
  await machines.becomes('frozen', 'silent')
  qemu.signal('SIGCONT')
  await machines.becomes('frozen', 'guest-paused')
})

it('a QEMU that is stopped before Floe came is silent, not busy', async () => {
  using dir = shortTemp()
  await using qemu = spawnQemu(dir, ['-name', 'halted', ...qmp, '-qmp', 'unix:own,server=on,wait=off'])
  await until(() => RawQmp.connect(dir.file('own')).catch(() => null), 'QEMU to listen')
  qemu.signal('SIGSTOP')
  await using machines = await startMachines(dir)
  await machines.becomes('halted', 'silent')
  qemu.signal('SIGCONT')
})

it('a launcher’s socket is let go after its use, and the machine counts as running meanwhile', async () => {
  using dir = shortTemp()
  const { mkdirSync } = await import('node:fs')
  mkdirSync(dir.file('.lima', 'box'), { recursive: true })
  const socket = dir.file('.lima', 'box', 'qmp.sock')
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'lima-box', '-qmp', `unix:${socket},server=on,wait=off`, '-drive', `file=${image},if=virtio`],
  ])
  await using machines = await startMachines(dir, { timing: { releaseAfterMs: 300 } })
  const machine = await machines.becomes('lima-box', 'guest-paused')
  expect(machine.launcher).toBe('Lima')
  const free = () => RawQmp.connect(socket).then((client) => client.close())
  await free()
  {
    await using lease = await machines.service.acquire(machine.id)
    expect((await lease.inventory())[0]?.imagePath).toBe(image)
  }
  await free()
  expect(machines.named('lima-box').state.kind).toBe('guest-paused')
})
