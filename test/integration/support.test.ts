import { expect, it } from 'vitest'
import { createImage, difference, startQemu } from '../support/qemu.ts'
import { tempDir } from '../support/temp.ts'

it('a write through the device of a real QEMU reaches the image', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '8M')
  const empty = await createImage(dir.file('b.qcow2'), '8M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', '1M', '64k', 0xab)
  await qemu.quit()
  expect(await difference(path, empty)).toContain('mismatch')
})

it('a QEMU that ends while it starts is an error at once, with its own words', async () => {
  await expect(startQemu({ args: ['-device', 'no-such-device'] })).rejects.toThrow('no-such-device')
})
