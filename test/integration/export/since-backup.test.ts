import { mkdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { startFloe } from '../../support/floe.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { changedPieces, granularity } from './tracked-point.ts'
import { leftIn, tool } from './world.ts'

it('another program can make its own incremental of what Floe tracks, and the next backup misses nothing of it', async () => {
  using dir = tempDir()
  await using guest = await startDemoGuest({ hidden: true, blocks: 512 })
  await using floe = await startFloe(dir.file('home'))
  const machine = await floe.call('machines.add', { qmp: guest.qmpPath, agent: null, name: 'demo' })
  mkdirSync(dir.file('backups'))
  await floe.call('destinations.add', { path: dir.file('backups'), name: null })
  const backup = async () => {
    const wish = { machineId: machine.id, destinationId: null, diskIds: null, limit: null, check: false }
    const { result } = await floe.done((await floe.call('backup.start', wish)).jobId)
    const points = await floe.call('points.list', { machineId: machine.id })
    const point = points.find(({ id }) => id === result?.pointId)
    if (!point) throw new Error('The backup has no point')
    return point
  }
  const rawOf = async (point: Awaited<ReturnType<typeof backup>>, name: string) => {
    const image = `${point.path}/${point.disks[0]?.file}`
    await tool('qemu-img', ['convert', '-O', 'raw', image, dir.file(name)])
    return readFileSync(dir.file(name))
  }
  const first = await backup()
  const copy = await rawOf(first, 'first.raw')
  await guest.waitFor(guest.counter() + 20)
  const { jobId } = await floe.call('export.start', { machineId: machine.id, diskIds: null, since: first.id })
  const held = floe.call('export.hold', { jobId })
  const place = await until(() => {
    const job = floe.core.topics.jobs.get(jobId)
    if (job?.state.kind === 'failed') throw new Error(job.state.problem.message)
    return job?.state.kind === 'holding' ? job.export : null
  }, 'the export to be held')
  const { uri = '', sinceBitmap = null } = place?.disks[0] ?? {}
  await guest.waitFor(guest.counter() + 10)
  const changed = await changedPieces(uri, sinceBitmap)
  await tool('nbdcopy', [uri, dir.file('instant.raw')])
  const instant = readFileSync(dir.file('instant.raw'))
  for (const piece of changed) {
    const [from, to] = [piece * granularity, (piece + 1) * granularity]
    instant.copy(copy, from, from, to)
  }
  expect(changed.length).toBeLessThan(instant.length / granularity)
  expect(copy.equals(instant)).toBe(true)
  await floe.call('jobs.cancel', { jobId })
  await held
  expect(await leftIn(guest.monitor)).toEqual([])
  await guest.monitor.command('stop')
  const second = await backup()
  expect(second).toMatchObject({ kind: 'incremental', basis: 'bitmap', parentId: first.id })
  const now = await rawOf(second, 'second.raw')
  const third = (await floe.call('export.start', { machineId: machine.id, diskIds: null, since: second.id })).jobId
  const holding = floe.call('export.hold', { jobId: third })
  const again = await until(() => floe.core.topics.jobs.get(third)?.export ?? null, 'the second export to be held')
  const disk = again.disks[0]
  // Nothing but the last piece, which counts as changed always.
  expect(await changedPieces(disk?.uri ?? '', disk?.sinceBitmap ?? null)).toEqual([255])
  await tool('nbdcopy', [disk?.uri ?? '', dir.file('now.raw')])
  expect(readFileSync(dir.file('now.raw')).equals(now)).toBe(true)
  await floe.call('jobs.cancel', { jobId: third })
  await holding
  expect(await floe.refusal('export.start', { machineId: machine.id, diskIds: null, since: first.id })).toBe(
    'export/not-tracked',
  )
})
