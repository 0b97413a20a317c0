import { renameSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createImage } from '../../support/qemu.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

const disk = (file: string) => ['-drive', `file=${file},if=virtio`]
const qmp = (socket: string) => ['-qmp', `unix:${socket},server=on,wait=off`]

it('a restarted guest is the same machine, over a restart of Floe too', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  let id: string
  {
    await using _qemu = spawnQemu(dir, ['-name', 'same', ...qmp('q1'), ...disk(image)])
    await using machines = await startMachines(dir)
    id = (await machines.becomes('same', 'guest-paused')).id
  }
  await using machines = await startMachines(dir)
  const off = await machines.becomes('same', 'off')
  expect(off.id).toBe(id)
  expect(off.disks[0]?.imagePath).toBe(image)
  await using _qemu = spawnQemu(dir, ['-name', 'same', ...qmp('q2'), ...disk(image)])
  expect((await machines.becomes('same', 'guest-paused')).id).toBe(id)
  expect(machines.service.list()).toHaveLength(1)
})

it('a renamed guest keeps its identity by its image, even when the image moved', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using machines = await startMachines(dir)
  let id: string
  {
    await using _qemu = spawnQemu(dir, ['-name', 'before', ...qmp('q1'), ...disk(image)])
    id = (await machines.becomes('before', 'guest-paused')).id
  }
  await machines.becomes('before', 'off')
  renameSync(image, dir.file('moved.qcow2'))
  await using _qemu = spawnQemu(dir, ['-name', 'after', ...qmp('q1'), ...disk(dir.file('moved.qcow2'))])
  expect((await machines.becomes('after', 'guest-paused')).id).toBe(id)
})

it('two machines of the same name with images of their own stay two', async () => {
  using dir = shortTemp()
  const [a, b] = [await createImage(dir.file('a.qcow2'), '8M'), await createImage(dir.file('b.qcow2'), '8M')]
  await using machines = await startMachines(dir)
  {
    await using _qemu = spawnQemu(dir, ['-name', 'twin', ...qmp('q1'), ...disk(a)])
    await machines.becomes('twin', 'guest-paused')
  }
  await machines.becomes('twin', 'off')
  await using _qemu = spawnQemu(dir, ['-name', 'twin', ...qmp('q1'), ...disk(b)])
  await machines.becomes('twin', 'guest-paused')
  expect(machines.service.list().map((machine) => machine.disks[0]?.imagePath)).toEqual(expect.arrayContaining([a, b]))
  expect(
    machines.service
      .list()
      .map((machine) => machine.state.kind)
      .sort(),
  ).toEqual(['guest-paused', 'off'])
})

it('a machine whose images are not there is unplugged', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using machines = await startMachines(dir)
  {
    await using _qemu = spawnQemu(dir, ['-name', 'drive', ...qmp('q1'), ...disk(image)])
    await machines.becomes('drive', 'guest-paused')
  }
  renameSync(image, dir.file('elsewhere'))
  await machines.service.refresh()
  expect(machines.named('drive').state).toEqual({ kind: 'unplugged', path: image })
})
