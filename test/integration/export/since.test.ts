import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { HoldLimits } from '../../../electron/core/export/holders.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { newMachineId } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { bitmapsIn, changedPieces, granularity, trackedPoints } from './tracked-point.ts'
import { exportWorld, leftIn, tool } from './world.ts'

async function trackedMachine(format: 'qcow2' | 'raw' = 'qcow2', holdLimits?: HoldLimits) {
  const dir = tempDir()
  const path = await createImage(dir.file(`vda.${format}`), '64M', format)
  const disks = [{ id: 'vda', path, format }]
  const qemu = await startQemu({ disks, run: true })
  const points = await trackedPoints()
  const world = await exportWorld({ points: points.repository, ...(holdLimits ? { holdLimits } : {}) })
  const machine = await world.machine(qemu.qmpPath)
  return {
    dir,
    path,
    disks,
    qemu,
    points,
    world,
    machine,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await points[Symbol.asyncDispose]()
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

it('an export tells what the guest wrote since a restore point, and nothing that it writes later', async () => {
  await using tracked = await trackedMachine()
  const { qemu, points, world, machine } = tracked
  await qemu.write('vda', 0, '4M', 1)
  const point = await points.track(qemu.monitor, machine.id, 'vda')
  await qemu.write('vda', '3M', '100k', 2)
  await qemu.write('vda', '40M', '64k', 3)
  const held = await world.held(machine, { since: point.id })
  const [disk] = held.place.disks
  expect(disk?.sinceBitmap).toBe(`floe-since-${point.id}`)
  const own = `n-vda/${points.bitmap(point.id)}`
  expect((await bitmapsIn(qemu.monitor))[own]).toBe(3 * granularity)
  await qemu.write('vda', '20M', '1M', 4)
  await qemu.write('vda', '3M', '64k', 5)
  expect(await changedPieces(disk?.uri ?? '', disk?.sinceBitmap ?? null)).toEqual([48, 49, 640])
  expect(await tool('nbdinfo', ['--map', '--totals', disk?.uri ?? ''])).toContain('data')
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
  // The record that backups use is as it was, and has seen every write meanwhile.
  expect(await bitmapsIn(qemu.monitor)).toEqual({ [own]: 19 * granularity })
  const again = await world.held(machine, { since: point.id })
  const set = await changedPieces(again.place.disks[0]?.uri ?? '', again.place.disks[0]?.sinceBitmap ?? null)
  expect(set).toEqual([48, 49, ...Array.from({ length: 16 }, (_, index) => 320 + index), 640])
})

it('with a guest that writes all the time, whatever is not marked is what it was at the restore point', async () => {
  await using guest = await startDemoGuest({ blocks: 512 })
  await using points = await trackedPoints()
  await using world = await exportWorld({ points: points.repository })
  const machine = await world.machine(guest.qmpPath)
  await guest.waitFor(30)
  const size = machine.disks[0]?.virtualSize ?? 0
  await guest.monitor.command('stop')
  const before = await world.held(machine)
  const node = machine.disks[0]?.node ?? ''
  const point = await points.track(guest.monitor, machine.id, node.replace(/^n-/, ''), { virtualSize: size })
  await tool('nbdcopy', [before.place.disks[0]?.uri ?? '', world.home.file('then.raw')])
  await guest.monitor.command('cont')
  await world.board.cancel(before.id)
  await world.board.whenFinal(before.id)
  await guest.waitFor(guest.counter() + 40)
  const held = await world.held(machine, { since: point.id })
  const { uri = '', sinceBitmap = null } = held.place.disks[0] ?? {}
  const marked = await changedPieces(uri, sinceBitmap)
  await guest.waitFor(guest.counter() + 20)
  await tool('nbdcopy', [uri, world.home.file('now.raw')])
  expect(await changedPieces(uri, sinceBitmap)).toEqual(marked)
  const [then, now] = ['then.raw', 'now.raw'].map((name) => readFileSync(world.home.file(name))) as [Buffer, Buffer]
  const piece = (of: Buffer, index: number) => of.subarray(index * granularity, (index + 1) * granularity)
  const differing = Array.from({ length: Math.ceil(size / granularity) }, (_, index) => index).filter(
    (index) => !piece(then, index).equals(piece(now, index)),
  )
  expect(differing.length).toBeGreaterThan(0)
  expect(marked).toEqual(expect.arrayContaining(differing))
})

it('a disk that is not tracked since that point is named with the reason, before anything is made in QEMU', async () => {
  await using tracked = await trackedMachine()
  const { qemu, points, world, machine } = tracked
  const good = await points.track(qemu.monitor, machine.id, 'vda')
  const refusal = (since: PointId) => world.start(machine, { since }).then(String, (error: unknown) => error)
  const expectRefused = async (since: PointId, why: RegExp) => {
    expect(await refusal(since)).toMatchObject({
      code: 'export/not-tracked',
      message: expect.stringMatching(why),
      remedy: expect.stringContaining('newest restore point'),
    })
  }
  await expectRefused((await points.record(machine.id, 'vda', { bitmap: null })).id, /n-vda.* not tracked/)
  await expectRefused((await points.record(machine.id, 'vda', {})).id, /is gone: a newer backup/)
  await expectRefused((await points.record(machine.id, 'vdb', {})).id, /does not hold it/)
  const same = { bitmap: points.bitmap(good.id) }
  await expectRefused((await points.record(machine.id, 'vda', { ...same, witness: 'x' })).id, /backing file/)
  const name = points.bitmap(good.id)
  await qemu.monitor.command('block-dirty-bitmap-disable', { node: 'n-vda', name })
  await expectRefused(good.id, /switched off/)
  await qemu.monitor.command('block-dirty-bitmap-enable', { node: 'n-vda', name })
  for (const size of [32 << 20, 64 << 20]) {
    await qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size })
  }
  await expectRefused(good.id, /smaller and larger again/)
  await expectRefused((await points.record(machine.id, 'vda', { ...same, virtualSize: 32 << 20 })).id, /size changed/)
  // A point of another size that was made since: what was cut off and grown again is in no record.
  await expectRefused(good.id, /size changed/)
  const ofOther = await points.record(newMachineId(), 'vda', same)
  await expectRefused(ofOther.id, /not of the machine/)
  expect(await refusal('nopointnopoi' as PointId)).toMatchObject({ code: 'point/unknown' })
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
  expect(world.board.list()).toEqual([])
})

it('a raw image is tracked for as long as its QEMU runs, and that is said when it is over', async () => {
  await using tracked = await trackedMachine('raw')
  const { qemu, points, world, machine } = tracked
  const point = await points.record(machine.id, 'vda', {})
  await expect(world.start(machine, { since: point.id })).rejects.toMatchObject({
    code: 'export/not-tracked',
    message: expect.stringContaining('keeps none when the machine stops'),
  })
  await points.begin(qemu.monitor, 'vda', point.id, { persistent: false })
  await qemu.write('vda', '8M', '64k', 3)
  const held = await world.held(machine, { since: point.id })
  const { uri = '', sinceBitmap = null } = held.place.disks[0] ?? {}
  expect(await changedPieces(uri, sinceBitmap)).toEqual([128])
})

it('of a machine that was shut down cleanly, its image tells what changed, and is not written to', async () => {
  await using tracked = await trackedMachine()
  const { qemu, points, world, machine, path } = tracked
  const point = await points.track(qemu.monitor, machine.id, 'vda')
  await qemu.write('vda', '3M', '100k', 2)
  await qemu.quit()
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 40M 64k', path)
  const before = { bytes: readFileSync(path), ...statSync(path, { bigint: true }) }
  const held = await world.held(machine, { since: point.id })
  expect(held.job.instant).toMatchObject({ consistency: 'offline' })
  const { uri = '', sinceBitmap = null } = held.place.disks[0] ?? {}
  expect(await changedPieces(uri, sinceBitmap)).toEqual([48, 49, 640])
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  const after = statSync(path, { bigint: true })
  expect([after.mtimeNs, after.ctimeNs]).toEqual([before.mtimeNs, before.ctimeNs])
  expect(readFileSync(path).equals(before.bytes)).toBe(true)
  expect(world.files()).toEqual([])
})

it('of a machine whose QEMU was killed, nobody can tell what changed', async () => {
  await using tracked = await trackedMachine()
  const { qemu, points, world, machine } = tracked
  const point = await points.track(qemu.monitor, machine.id, 'vda')
  await qemu.quit()
  const again = await startQemu({ disks: tracked.disks })
  await again.kill()
  const id = await world.start(machine, { since: point.id })
  expect((await world.board.whenFinal(id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'export/not-tracked', message: expect.stringContaining('without storing') },
  })
  expect(world.files()).toEqual([])
  await again[Symbol.asyncDispose]()
})

it('a reader that is killed with its command leaves no node, job, bitmap or file behind', async () => {
  await using tracked = await trackedMachine('qcow2', { firstMs: 300, lastMs: 100 })
  const { qemu, points, world, machine } = tracked
  const point = await points.track(qemu.monitor, machine.id, 'vda')
  await qemu.write('vda', 0, '60M', 9)
  const held = await world.held(machine, { since: point.id })
  const reader = spawn('nbdcopy', [held.place.disks[0]?.uri ?? '', '-'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(reader.stdout, 'readable')
  reader.kill('SIGKILL')
  held.letGo()
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
  expect(await bitmapsIn(qemu.monitor)).toEqual({ [`n-vda/${points.bitmap(point.id)}`]: 60 << 20 })
})
