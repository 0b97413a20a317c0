import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { startFloe } from '../../support/floe.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

it('a core that cannot start ends what it had started, and the same home starts once the reason is gone', async () => {
  using dir = tempDir()
  await (await startFloe(dir.file('home')))[Symbol.asyncDispose]()
  writeFileSync(dir.file('home', 'machines.json'), JSON.stringify({ version: 99, data: [] }))
  const started = vi.spyOn(globalThis, 'setInterval')
  const ended = vi.spyOn(globalThis, 'clearInterval')
  await expect(startFloe(dir.file('home'))).rejects.toMatchObject({ code: 'system/home-unwritable' })
  expect(started.mock.results.length).toBeGreaterThan(0)
  const left = started.mock.results.filter(({ value }) => !ended.mock.calls.some(([timer]) => timer === value))
  expect(left).toEqual([])
  vi.restoreAllMocks()
  rmSync(dir.file('home', 'machines.json'))
  await using floe = await startFloe(dir.file('home'))
  expect(await floe.call('points.list', { machineId: null })).toEqual([])
})

it('a backup that only waited when Floe was closed is told of at the next start', async () => {
  using dir = tempDir()
  const images = [{ id: 'vda', path: await createImage(dir.file('a.qcow2'), '8M'), format: 'qcow2' as const }]
  await using qemu = await startQemu({ disks: images })
  const waiting = async () => {
    await using floe = await startFloe(dir.file('home'))
    const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: 'idle' })
    mkdirSync(dir.file('drive'))
    await floe.call('destinations.add', { path: dir.file('drive'), name: 'Drive' })
    rmSync(dir.file('drive'), { recursive: true })
    const wish = { machineId: machine.id, destinationId: null, diskIds: null, limit: null, check: false }
    return (await floe.call('backup.start', { ...wish, whenPossible: true })).jobId
  }
  const jobId = await waiting()
  await using floe = await startFloe(dir.file('home'))
  const told = (await floe.call('activity.list', {})).find((entry) => entry.jobId === jobId)
  expect(told).toMatchObject({ level: 'warning', subject: 'idle', text: expect.stringContaining('had not begun') })
})

it('a core that stops in the middle of a restore has cleared it away before anybody else may own the home', async () => {
  using dir = tempDir()
  for (const name of ['backups', 'new']) mkdirSync(dir.file(name))
  await using guest = await startDemoGuest({ hidden: true, blocks: 2048, pauseMs: 50 })
  const floe = await startFloe(dir.file('home'))
  const machine = await floe.call('machines.add', { qmp: guest.qmpPath, agent: null, name: 'demo' })
  await floe.call('destinations.add', { path: dir.file('backups'), name: null })
  const backup = { machineId: machine.id, destinationId: null, diskIds: null, limit: null, check: true }
  const { result } = await floe.done((await floe.call('backup.start', backup)).jobId)
  const pointId = result?.pointId
  if (!pointId) throw new Error('The backup has no point')
  const { jobId } = await floe.call('restore.toNewImage', { pointId, directory: dir.file('new'), format: 'raw' })
  const verify = await floe.call('points.verify', { pointId, level: 'content' })
  await floe.core.stop()
  expect(floe.core.topics.jobs.get(jobId)?.state.kind).toBe('cancelled')
  expect(floe.core.topics.jobs.get(verify.jobId)?.state.kind).toBe('cancelled')
  expect(readdirSync(dir.file('new'))).toEqual([])
  expect(readdirSync(dir.file('home', 'journals', 'restore'))).toEqual([])
  expect(await floe.refusal('points.verify', { pointId, level: 'content' })).toBe('system/interrupted')
})
