import { expect, it } from 'vitest'
import { createImage } from '../../support/qemu.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

it('a QEMU with a unix socket is found, connected and described', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'one', '-qmp', `unix:${dir.file('q')},server=on,wait=off`],
    ...['-drive', `file=${image},if=virtio`],
  ])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('one', 'guest-paused')
  expect(machine.qemuVersion).toMatch(/^\d+\.\d+/)
  expect(machine.disks.map((disk) => [disk.id, disk.imagePath, disk.exclusion])).toEqual([['virtio0', image, null]])
  expect(machine.features['full-backup']).toBe(true)
})
