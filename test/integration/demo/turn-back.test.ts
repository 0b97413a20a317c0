import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startFloe } from '../../support/floe.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

it('the demo is backed up, counts on, is restored and shows the older number; removing it leaves nothing', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('backups'))
  await using floe = await startFloe(dir.file('home'))
  const counter = () => floe.core.topics.demo.get('demo')?.counter ?? 0
  try {
    const demo = await floe.call('demo.start', {})
    expect(demo.state).toEqual({ kind: 'running' })
    const machineId = demo.machineId
    if (machineId === null) throw new Error('The demo has no machine')
    const machines = await floe.call('machines.list', {})
    expect(machines.find((machine) => machine.id === machineId)).toMatchObject({ name: 'Demo', origin: 'demo' })
    await floe.call('destinations.add', { path: dir.file('backups'), name: null })
    const atStart = counter()
    const wish = { machineId, destinationId: null, diskIds: null, limit: null, check: true }
    const job = await floe.done((await floe.call('backup.start', wish)).jobId)
    const pointId = job.result?.pointId
    if (!pointId) throw new Error('The backup has no point')
    const atEnd = counter()
    await until(() => counter() > atEnd + 10, 'the demo to count on')

    const stopped = await floe.call('demo.stop', {})
    expect(stopped.counter).toBeGreaterThan(atEnd)
    const swap = await floe.done((await floe.call('restore.swap', { pointId })).jobId)
    await until(() => counter() < (stopped.counter ?? 0), 'the demo to show the older number')
    const turnedBack = counter()
    expect(turnedBack).toBeGreaterThanOrEqual(atStart)
    expect(turnedBack).toBeLessThanOrEqual(atEnd + 10)
    const again = await floe.call('demo.start', {})
    expect(again.state).toEqual({ kind: 'running' })
    expect(again.counter).toBeGreaterThan(turnedBack)
    expect(again.machineId).toBe(machineId)

    await floe.call('demo.stop', {})
    const restoreId = swap.result?.restoreId
    if (!restoreId) throw new Error('The swap has no restore')
    await floe.done((await floe.call('restores.undo', { restoreId })).jobId)
    await until(() => counter() === stopped.counter, 'the undo to bring the newer number back')
  } finally {
    await floe.call('demo.remove', {})
  }
  expect(floe.core.topics.demo.get('demo')).toMatchObject({ state: { kind: 'none' }, machineId: null, counter: null })
  expect(await floe.call('points.list', { machineId: null })).toEqual([])
  expect((await floe.call('machines.list', {})).filter((machine) => machine.origin === 'demo')).toEqual([])
  expect(existsSync(dir.file('home', 'demo'))).toBe(false)
  const left = readdirSync(dir.file('backups'), { recursive: true }).map(String)
  expect(left.filter((name) => name.endsWith('.qcow2'))).toEqual([])
})

it('a backup of the demo under way keeps it from being stopped or removed', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('backups'))
  await using floe = await startFloe(dir.file('home'))
  try {
    const { machineId } = await floe.call('demo.start', {})
    if (machineId === null) throw new Error('The demo has no machine')
    await floe.call('destinations.add', { path: dir.file('backups'), name: null })
    const wish = { machineId, destinationId: null, diskIds: null, limit: 1_000_000, check: true }
    const { jobId } = await floe.call('backup.start', wish)
    const copying = () => floe.core.topics.jobs.get(jobId)?.state.kind === 'copying'
    await until(copying, 'the backup to copy')
    expect(await floe.refusal('demo.stop', {})).toBe('machine/has-jobs')
    expect(await floe.refusal('demo.remove', {})).toBe('machine/has-jobs')
    expect(floe.core.topics.demo.get('demo')?.state).toEqual({ kind: 'running' })
    await floe.call('jobs.cancel', { jobId })
    expect((await floe.end(jobId)).state.kind).toBe('cancelled')
  } finally {
    await floe.call('demo.remove', {})
  }
})
