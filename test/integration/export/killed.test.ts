import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Point } from '../../../shared/domain/point.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import type { Moment } from './export-child.ts'
import { bitmapsIn, trackedPoints } from './tracked-point.ts'
import { exportWorld, leftIn, serverIsFree } from './world.ts'

const child = fileURLToPath(new URL('./export-child.ts', import.meta.url))

function runUntilKilled(
  homePath: string,
  qmpPath: string,
  moment: Moment,
  point: Point | null = null,
): Promise<NodeJS.Signals | null> {
  const floe = spawn(
    process.execPath,
    [child, homePath, qmpPath, moment, String(process.pid), point ? JSON.stringify(point) : ''],
    { stdio: 'inherit' },
  )
  return new Promise((resolve) => floe.once('exit', (_, signal) => resolve(signal)))
}

const moments: readonly Moment[] = [
  'before nbd-server-start',
  'after nbd-server-start',
  'after blockdev-add 1',
  'after stop',
  'after cont',
  'after block-export-add',
  'while held',
  'before block-export-del',
  'after nbd-server-stop',
  'after blockdev-del',
]

it.each(moments)('Floe killed %s: the next start leaves nothing of the export, and the guest runs', async (moment) => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '40M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  const homePath = dir.file('home')
  mkdirSync(homePath)
  expect(await runUntilKilled(homePath, qemu.qmpPath, moment)).toBe('SIGKILL')
  const isRunning = async () => (await qemu.monitor.command<{ running: boolean }>('query-status')).running
  await until(isRunning, 'the guest to run again', 5_000)
  await using world = await exportWorld({
    home: { ...dir, path: homePath, file: (...names) => dir.file('home', ...names) },
  })
  const jobs = await Promise.all(world.board.list().map((job) => world.board.whenFinal(job.id)))
  expect(jobs.map((job) => job.state.kind)).toEqual(['cancelled'])
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
  expect(await serverIsFree(qemu.monitor, dir.file('free'))).toBe(true)
  await qemu.write('vda', 0, '1M', 7)
  await qemu.flush('vda')
})

it('a QEMU that ended meanwhile leaves files, and they go too', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '40M')
  const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  const homePath = dir.file('home')
  mkdirSync(homePath)
  expect(await runUntilKilled(homePath, qemu.qmpPath, 'while held')).toBe('SIGKILL')
  await qemu[Symbol.asyncDispose]()
  await using world = await exportWorld({
    home: { ...dir, path: homePath, file: (...names) => dir.file('home', ...names) },
  })
  await Promise.all(world.board.list().map((job) => world.board.whenFinal(job.id)))
  expect(world.files()).toEqual([])
})

it.each<Moment>(['after transaction', 'while held'])(
  'Floe killed %s, when readers are told of changes: their copy of the bitmap goes, the bitmap itself stays whole',
  async (moment) => {
    using dir = tempDir()
    const path = await createImage(dir.file('a.qcow2'), '64M')
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
    await using points = await trackedPoints()
    const homePath = dir.file('home')
    mkdirSync(homePath)
    const home = { ...dir, path: homePath, file: (...names: string[]) => dir.file('home', ...names) }
    const before = await exportWorld({ home })
    const machine = await before.machine(qemu.qmpPath)
    await before.stop()
    const point = await points.track(qemu.monitor, machine.id, 'vda')
    await qemu.write('vda', 0, '1M', 7)
    expect(await runUntilKilled(homePath, qemu.qmpPath, moment, point)).toBe('SIGKILL')
    await until(
      async () => (await qemu.monitor.command<{ running: boolean }>('query-status')).running,
      'the guest to run again',
    )
    await qemu.write('vda', '8M', '1M', 7)
    await using world = await exportWorld({ home })
    await Promise.all(world.board.list().map((job) => world.board.whenFinal(job.id)))
    expect(await leftIn(qemu.monitor)).toEqual([])
    expect(world.files()).toEqual([])
    expect(await bitmapsIn(qemu.monitor)).toEqual({ [`n-vda/${points.bitmap(point.id)}`]: 2 << 20 })
  },
)
