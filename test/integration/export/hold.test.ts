import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { verifyDemoDisk } from '../../../electron/core/demo/verify-disk.ts'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { exportWorld, leftIn, serverIsFree, tool } from './world.ts'

it('what nbdcopy reads of an export is the disk at one instant, while the guest goes on writing', async () => {
  await using guest = await startDemoGuest({ blocks: 512 })
  await using world = await exportWorld()
  const machine = await world.machine(guest.qmpPath)
  await guest.waitFor(30)
  const before = guest.counter()
  const held = await world.held(machine)
  const after = guest.counter()
  const [disk] = held.place.disks
  expect(held.job).toMatchObject({ instant: { consistency: 'crash-consistent', cause: 'no-agent' } })
  await guest.waitFor(after + 40)
  const copy = world.home.file('copy.raw')
  await tool('nbdcopy', [disk?.uri ?? '', copy])
  const verdict = verifyDemoDisk(readFileSync(copy))
  expect(verdict).toMatchObject({ ok: true, problems: [] })
  expect(verdict.counter).toBeGreaterThanOrEqual(before)
  expect(verdict.counter).toBeLessThanOrEqual(after + 1)
  const again = world.home.file('again.raw')
  await guest.waitFor(guest.counter() + 20)
  await tool('nbdcopy', [disk?.uri ?? '', again])
  expect(readFileSync(copy).equals(readFileSync(again))).toBe(true)
  await world.board.cancel(held.id)
  await held.hold
  expect(world.board.get(held.id).state.kind).toBe('cancelled')
  expect(await leftIn(guest.monitor)).toEqual([])
  expect(world.files()).toEqual([])
  expect(await serverIsFree(guest.monitor, world.home.file('free'))).toBe(true)
  await guest.waitFor(guest.counter() + 5)
})
