import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import type { Moment } from './export-child.ts'
import { exportWorld, leftIn, serverIsFree } from './world.ts'

const child = fileURLToPath(new URL('./export-child.ts', import.meta.url))

function runUntilKilled(...args: string[]): Promise<NodeJS.Signals | null> {
  const floe = spawn(process.execPath, [child, ...args, String(process.pid)], { stdio: 'inherit' })
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
