import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createImage } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

const drive = (file: string) => ['-drive', `file=${file.replaceAll(',', ',,')},if=virtio`]

it('a QEMU with a unix socket is found, connected and described', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using qemu = spawnQemu(dir, [
    ...['-name', 'one', '-qmp', `unix:${dir.file('q')},server=on,wait=off`],
    ...drive(image),
  ])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('one', 'guest-paused')
  expect(machine.qemuVersion).toMatch(/^\d+\.\d+/)
  expect(machine.disks.map((disk) => [disk.id, disk.imagePath, disk.exclusion])).toEqual([['virtio0', image, null]])
  expect(machine.features['full-backup']).toBe(true)
  expect(machine).toMatchObject({ pid: qemu.pid, accelerator: 'tcg', endpoint: { kind: 'unix', path: dir.file('q') } })
  expect(machine.startCommand).toContain('-name one')
  expect(Date.now() - Date.parse(machine.runningSince ?? '')).toBeLessThan(60_000)
})

const forms: Record<string, (folder: string, port: number) => readonly string[]> = {
  'the old server,nowait form': (folder) => ['-qmp', `unix:${folder}/q,server,nowait`],
  '-qmp-pretty': (folder) => ['-qmp-pretty', `unix:${folder}/q,server=on,wait=off`],
  'a double dash': (folder) => ['--qmp', `unix:${folder}/q,server=on,wait=off`],
  'a path relative to its folder': () => ['-qmp', 'unix:q,server=on,wait=off'],
  '-mon with a chardev': (folder) => [
    ...['-chardev', `socket,id=c0,path=${folder}/q,server=on,wait=off`],
    ...['-mon', 'chardev=c0,mode=control'],
  ],
  '-qmp over a chardev': (folder) => [
    ...['-chardev', `socket,id=c0,path=${folder}/q,server=on,wait=off`],
    ...['-qmp', 'chardev:c0'],
  ],
  TCP: (_folder, port) => ['-qmp', `tcp:127.0.0.1:${port},server=on,wait=off`],
  'TCP on every address': (_folder, port) => ['-qmp', `tcp::${port},server,nowait`],
}

let port = 20_000 + (process.pid % 20_000)
for (const [form, args] of Object.entries(forms)) {
  it(`QMP given by ${form} is found`, async () => {
    using dir = shortTemp()
    port += 1
    await using _qemu = spawnQemu(dir, ['-name', 'formed', ...args(dir.path, port)])
    await using machines = await startMachines(dir)
    await machines.becomes('formed', 'guest-paused')
  })
}

it('names with blanks, commas and Unicode come through', async () => {
  using dir = shortTemp()
  const folder = dir.file('my vms, "ä" %41')
  mkdirSync(folder)
  const image = await createImage(`${folder}/d: ü,1.qcow2`, '8M')
  const name = 'Ann’s Debian, neu'
  await using _qemu = spawnQemu(dir, [
    ...['-name', name.replaceAll(',', ',,')],
    ...['-qmp', `unix:${folder.replaceAll(',', ',,')}/q,server=on,wait=off`],
    ...['-blockdev', JSON.stringify({ driver: 'qcow2', 'node-name': 'd', file: { driver: 'file', filename: image } })],
    ...['-device', 'virtio-blk-pci,drive=d,id=vda'],
  ])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes(name, 'guest-paused')
  expect(machine.disks[0]).toMatchObject({ id: 'd', node: 'd', aliases: ['vda'], imagePath: image, exclusion: null })
})

it('a relative image without any name is resolved against the folder of QEMU', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('root disk.qcow2'), '8M')
  await using _qemu = spawnQemu(dir, ['-qmp', 'unix:q,server=on,wait=off', '-drive', 'file=root disk.qcow2,if=virtio'])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('root disk', 'guest-paused')
  expect(machine.disks[0]?.imagePath).toBe(image)
  expect(machine.disks[0]?.node).toMatch(/^#block/)
})

it('a QEMU without a QMP socket is listed with the exact option to add', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using _none = spawnQemu(dir, ['-name', 'no way in', ...drive(image)])
  await using _hmp = spawnQemu(dir, ['-name', 'people', '-monitor', `unix:${dir.file('m')},server=on,wait=off`])
  await using machines = await startMachines(dir)
  const none = await machines.becomes('no way in', 'no-socket')
  expect(none.state).toEqual({
    kind: 'no-socket',
    reason: 'none',
    option: '-qmp unix:$HOME/.qmp/no-way-in.sock,server=on,wait=off',
  })
  const people = await machines.becomes('people', 'no-socket')
  expect(people.state).toMatchObject({ reason: 'hmp-only' })
  await expect(machines.service.acquire(none.id)).rejects.toMatchObject({ code: 'machine/no-socket' })
})

it('the guest agent of the machine is known by its channel', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'agent', '-qmp', 'unix:q,server=on,wait=off', '-device', 'virtio-serial-pci'],
    ...['-chardev', 'socket,id=ga,path=agent.sock,server=on,wait=off'],
    ...['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0'],
  ])
  await using machines = await startMachines(dir)
  expect((await machines.becomes('agent', 'guest-paused')).agentPath).toBe(dir.file('agent.sock'))
})

it('a machine that starts while Floe is watched appears at the next look, and one in trouble does not hold it up', async () => {
  using dir = shortTemp()
  await using stuck = spawnQemu(dir, ['-name', 'stuck', '-qmp', 'unix:s,server=on,wait=off'])
  await using machines = await startMachines(dir)
  await machines.becomes('stuck', 'guest-paused')
  stuck.signal('SIGSTOP')
  await using _late = spawnQemu(dir, ['-name', 'late', '-qmp', 'unix:l,server=on,wait=off'])
  await machines.becomes('late', 'guest-paused')
  stuck.signal('SIGCONT')
})

it('QEMU asked for its version is no machine', async () => {
  using dir = shortTemp()
  await using machines = await startMachines(dir)
  await using _qemu = spawnQemu(dir, ['-name', 'dead', '-machine', 'help'])
  await until(async () => (await machines.service.refresh()).found === 0, 'nothing to be found')
  expect(machines.service.list()).toEqual([])
})
