import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { FloeError } from '../../../electron/core/errors.ts'
import type { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { createImage } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

const listening = (socket: string) => until(() => RawQmp.connect(socket).catch(() => null), 'QEMU to listen')

it('a machine added by its socket keeps its name, is shown while off, and is gone when removed', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  const args = ['-qmp', 'unix:q,server=on,wait=off', '-drive', `file=${image},if=virtio`]
  let id: string
  {
    await using _qemu = spawnQemu(dir, args)
    ;(await listening(dir.file('q'))).close()
    await using machines = await startMachines(dir)
    const added = await until(() => machines.service.add(dir.file('q'), null, 'Mine').catch(() => null), 'the adding')
    expect(added).toMatchObject({ name: 'Mine', origin: 'added', endpoint: { kind: 'unix', path: dir.file('q') } })
    expect(added.disks).toHaveLength(1)
    expect(machines.service.list()).toHaveLength(1)
    id = added.id
  }
  await using machines = await startMachines(dir)
  expect(machines.named('Mine')).toMatchObject({ id, state: { kind: 'off' } })
  await using _again = spawnQemu(dir, ['-name', 'other', ...args])
  expect((await machines.becomes('Mine', 'guest-paused')).id).toBe(id)
  await machines.service.remove(machines.named('Mine').id)
  expect(machines.service.list()).toEqual([])
  await machines.service.refresh()
  expect(machines.service.list()).toEqual([])
  const back = await until(() => machines.service.add(dir.file('q'), null, null).catch(() => null), 'the adding')
  expect(back.id).toBe(id)
})

it('a machine added by HOST:PORT outside of what discovery sees is followed too', async () => {
  using elsewhere = shortTemp()
  using dir = shortTemp()
  const port = 41_000 + (process.pid % 20_000)
  await using qemu = spawnQemu(elsewhere, ['-name', 'far', '-qmp', `tcp:127.0.0.1:${port},server=on,wait=off`])
  await using machines = await startMachines(dir)
  const added = await until(
    () => machines.service.add(`127.0.0.1:${port}`, null, 'Far').catch(() => null),
    'the machine to be added',
  )
  expect(added).toMatchObject({ name: 'Far', state: { kind: 'guest-paused' }, pid: qemu.pid })
  await qemu.kill()
  await machines.becomes('Far', 'off', 4_000)
})

it('what cannot be reached is refused with its own code, and nothing is added', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, [
    ...['-monitor', 'unix:hmp,server=on,wait=off', '-qmp', 'unix:busy,server=on,wait=off'],
    ...['-name', 'b'],
  ])
  const holder = await listening(dir.file('busy'))
  await using machines = await startMachines(dir)
  const { writeFileSync } = await import('node:fs')
  writeFileSync(dir.file('file'), '')
  const codeOf = (qmp: string) =>
    machines.service.add(qmp, null, null).then(
      () => 'added',
      (error: FloeError) => error.code,
    )
  expect(await codeOf(dir.file('missing'))).toBe('machine/socket-missing')
  expect(await codeOf(dir.file('file'))).toBe('machine/not-a-socket')
  expect(await codeOf(dir.file('x'.repeat(120)))).toBe('machine/socket-path-too-long')
  expect(await codeOf('just words')).toBe('ipc/invalid-input')
  expect(await codeOf(dir.file('hmp'))).toBe('machine/speaks-hmp')
  expect(await codeOf('127.0.0.1:1')).toBe('machine/refused')
  expect(machines.service.list().map(({ name }) => name)).toEqual(['b'])
  holder.close()
})

it('a socket of another user is told with the command that helps', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, ['-name', 'sudo', '-qmp', 'unix:q,server=on,wait=off'])
  const forbid: typeof connectQmp = async (endpoint) => {
    throw new FloeError('machine/no-permission', `No permission for ${JSON.stringify(endpoint)}.`)
  }
  await using machines = await startMachines(dir, { connect: forbid })
  const machine = await machines.becomes('sudo', 'no-permission')
  expect(machine.state).toMatchObject({ user: 'root', command: `sudo chown "$USER" ${dir.file('q')}` })
  await expect(machines.service.acquire(machine.id)).rejects.toMatchObject({ code: 'machine/no-permission' })
})

it('the test of a machine to add tells each step, and does not take the socket from Floe itself', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'p', '-qmp', 'unix:q,server=on,wait=off', '-drive', `file=${image},if=virtio`],
  ])
  const agent = createServer((socket) => {
    socket.on('data', (data) => {
      const id = /"id":(\d+)/.exec(data.toString('latin1'))?.[1]
      socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`{"return": ${id}}\n`)]))
    })
  }).listen(dir.file('ga'))
  await using machines = await startMachines(dir)
  await machines.becomes('p', 'guest-paused')
  const lines = await machines.service.probe(dir.file('q'), dir.file('ga'))
  expect(lines.map(({ check, result }) => `${check} ${result}`)).toEqual([
    ...['path ok', 'connect ok', 'qmp ok', 'disks ok', 'agent ok'],
  ])
  expect(lines.find(({ check }) => check === 'disks')?.text).toBe('1 disk can be backed up.')
  const failed = await machines.service.probe(dir.file('nothing'), null)
  expect(failed.map(({ check, result }) => `${check} ${result}`)).toEqual([
    ...['path failed', 'connect skipped', 'qmp skipped', 'disks skipped', 'agent skipped'],
  ])
  agent.close()
})

it('the guest’s power button is pressed', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'power', '-qmp', 'unix:q,server=on,wait=off', '-qmp', 'unix:own,server=on,wait=off'],
  ])
  // The test takes its socket first: Floe would take either.
  const other = await listening(dir.file('own'))
  await using machines = await startMachines(dir)
  const { id } = await machines.becomes('power', 'guest-paused')
  await machines.service.shutDownGuest(id)
  await until(() => other.events.some(({ event }) => event === 'POWERDOWN'), 'the power button')
  other.close()
})
