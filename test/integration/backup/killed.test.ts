import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Point } from '../../../shared/domain/point.ts'
import type { Moment } from '../../support/backup-child.ts'
import { startParts, worldPorts } from '../../support/backup-world.ts'
import { bitmapsOf } from '../../support/kept-disk.ts'
import { leftovers, runUntilKilled } from '../../support/killed-floe.ts'
import { createImage, difference, startQemu } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const recorded: readonly Moment[] = [
  'after look 1',
  'before job-dismiss',
  'after job-dismiss',
  'before blockdev-del',
  'after blockdev-del',
  'before image-closed',
  'before final-name',
  'after final-name',
  'while checking',
]
const discarded: readonly Moment[] = [
  'before blockdev-add',
  'after blockdev-add',
  'after human-monitor-command',
  'before end-marked',
  'after end-marked',
  'before transaction',
  'after image-closed',
]

type End = 'done' | 'failed'
const cases: readonly { readonly moment: Moment; readonly ends: readonly End[] }[] = [
  ...recorded.map((moment) => ({ moment, ends: ['done'] as const })),
  // QEMU alone knows how many of the commands that Floe sent together it has read.
  { moment: 'after transaction', ends: ['done', 'failed'] },
  ...discarded.map((moment) => ({ moment, ends: ['failed'] as const })),
]

test.each(cases)(
  'Floe killed $moment: the next start leaves a good point or none ($ends)',
  async ({ moment, ends }) => {
    using dir = tempDir()
    const path = dir.file('a.qcow2')
    await createImage(path, '40M')
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 24M', path], { stdio: 'ignore' })
    const before = dir.file('before.qcow2')
    copyFileSync(path, before)
    const [home, backups] = [dir.file('home'), dir.file('backups')]
    for (const folder of [home, backups]) mkdirSync(folder)
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
    expect(await runUntilKilled(home, qemu.qmpPath, backups, moment)).toBe('SIGKILL')
    // When QEMU greets the next client, it has read all that it ever will of what the killed one sent.
    ;(await RawQmp.connect(qemu.qmpPath)).close()
    const jobs = await qemu.monitor.command<unknown[]>('query-jobs')
    // The guest goes on writing; the point must not see it unless the copy began after it.
    if (ends.includes('done')) await qemu.write('vda', '20M', '4M', 77)
    const floe = await startParts(home, worldPorts())
    try {
      const [job] = floe.board.list()
      if (!job) throw new Error('The backup was forgotten')
      await floe.board.setLimit(job.id, null).catch(() => {})
      const final = await floe.board.whenFinal(job.id)
      const points: readonly Point[] = floe.repository.points(null)
      expect(ends, JSON.stringify(final.state)).toContain(final.state.kind)
      const good = final.state.kind === 'done'
      if (ends.length > 1) expect(good, JSON.stringify(final.state)).toBe(jobs.length > 0)
      expect(points.map(({ index }) => index.kind)).toEqual(good ? ['complete'] : [])
      if (good) expect(final).toMatchObject({ instant: { consistency: 'crash-consistent' }, progress: { fraction: 1 } })
      if (good) expect(final.progress?.doneBytes).toBe(final.progress?.totalBytes)
      for (const point of points) expect(await difference(before, `${point.path}/${point.disks[0]?.file}`)).toBeNull()
      expect(await leftovers(qemu)).toEqual([])
      expect((await bitmapsOf(qemu, 'vda')).map(({ name }) => name)).toEqual(
        points.map(({ disks }) => disks[0]?.bitmap),
      )
      const names = readdirSync(backups, { recursive: true, encoding: 'utf8' })
      expect(names.filter((name) => name.includes('.partial-') || name.endsWith('.tmp'))).toEqual([])
      expect(readdirSync(`${home}/journals/backup`)).toEqual([])
    } finally {
      await floe.stop()
    }
  },
)

/** Around the stop of the guest's CPUs: some of the commands may have arrived, some not. */
const aroundTheStop: readonly Moment[] = ['before stop', 'after stop', 'before qom-set', 'after qom-set', 'after cont']

test.each(aroundTheStop)(
  'Floe killed %s: the guest runs again within 5 s, and the next start leaves a good point or none',
  async (moment) => {
    using dir = tempDir()
    const path = await createImage(dir.file('a.qcow2'), '40M')
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 24M', path], { stdio: 'ignore' })
    const before = dir.file('before.qcow2')
    copyFileSync(path, before)
    const [home, backups] = [dir.file('home'), dir.file('backups')]
    for (const folder of [home, backups]) mkdirSync(folder)
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
    expect(await runUntilKilled(home, qemu.qmpPath, backups, moment)).toBe('SIGKILL')
    const runs = async () => (await qemu.monitor.command<{ running: boolean }>('query-status')).running
    await until(runs, 'the guest to run again', 5_000)
    await qemu.write('vda', '20M', '4M', 77)
    const floe = await startParts(home, worldPorts())
    try {
      const [job] = floe.board.list()
      if (!job) throw new Error('The backup was forgotten')
      // All commands of the instant may have arrived; then the copy has begun, and is as good as any.
      const { state } = await floe.board.whenFinal(job.id)
      const points: readonly Point[] = floe.repository.points(null)
      expect(points.map(({ index }) => index.kind)).toEqual(state.kind === 'done' ? ['complete'] : [])
      if (moment.startsWith('before stop')) expect(state.kind).toBe('failed')
      if (moment === 'after cont') expect(state.kind).toBe('done')
      for (const point of points) expect(await difference(before, `${point.path}/${point.disks[0]?.file}`)).toBeNull()
      expect(await leftovers(qemu)).toEqual([])
      expect(readdirSync(dir.file('home/scratch'))).toEqual([])
      expect(await runs()).toBe(true)
      await qemu.write('vda', '24M', '4M', 78)
    } finally {
      await floe.stop()
    }
  },
)

test('Floe killed while checking, and the drive away at its next start: it is told so, and the point stays', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '8M')
  const [home, backups, away] = [dir.file('home'), dir.file('backups'), dir.file('away')]
  for (const folder of [home, backups]) mkdirSync(folder)
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  expect(await runUntilKilled(home, qemu.qmpPath, backups, 'while checking')).toBe('SIGKILL')
  renameSync(backups, away)
  const floe = await startParts(home, worldPorts())
  try {
    const [job] = floe.board.list()
    if (!job) throw new Error('The backup was forgotten')
    const { state } = await floe.board.whenFinal(job.id)
    expect(state).toMatchObject({ kind: 'failed', problem: { code: 'backup/check-failed' } })
    const names = readdirSync(away, { recursive: true, encoding: 'utf8' })
    expect(names.filter((name) => name.endsWith('manifest.json'))).toHaveLength(1)
  } finally {
    await floe.stop()
  }
})
