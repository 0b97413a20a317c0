import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createImage, startQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { exportWorld, tool } from './world.ts'

async function offMachine(format: 'qcow2' | 'raw') {
  const dir = tempDir('fo-')
  const path = await createImage(dir.file(`a.${format}`), '32M', format)
  await run('qemu-io', '-f', format, '-c', 'write -P 5 1M 8M', path)
  const disks = [{ id: 'vda', path, format }]
  const world = await exportWorld()
  const qemu = await startQemu({ disks })
  const machine = await world.machine(qemu.qmpPath)
  await qemu.quit()
  return {
    dir,
    path,
    disks,
    world,
    machine,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

it('a machine that is off is exported straight from its images, which nothing is written to', async () => {
  await using off = await offMachine('qcow2')
  const { world, dir, path } = off
  const before = readFileSync(path)
  const held = await world.held(off.machine)
  expect(held.job.instant).toMatchObject({ consistency: 'offline', freeze: null })
  const uri = held.place.disks[0]?.uri ?? ''
  await tool('nbdcopy', [uri, dir.file('copy.raw')])
  await tool('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', path, dir.file('copy.raw')])
  await expect(startQemu({ disks: off.disks })).rejects.toThrow(/lock/)
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  expect(world.files()).toEqual([])
  expect(readFileSync(path).equals(before)).toBe(true)
  await using again = await startQemu({ disks: off.disks })
  expect(again.pid).toBeGreaterThan(0)
})

it('who writes to an image meanwhile ends the export, also when it is noticed only afterwards', async () => {
  await using off = await offMachine('raw')
  const { world, path } = off
  const held = await world.held(off.machine)
  await run('qemu-io', '-f', 'raw', '-c', 'write -P 6 2M 64k', path)
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'export/changed-while-off' },
  })
  expect(world.files()).toEqual([])
})
