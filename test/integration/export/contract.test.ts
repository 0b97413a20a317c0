import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { JobId } from '../../../shared/domain/ids.ts'
import { startFloe, type TestFloe } from '../../support/floe.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { leftIn } from './world.ts'

const nobodyAsked = { freeze: null, requireFreeze: null }

async function held(floe: TestFloe, id: JobId) {
  return until(
    async () => (await floe.call('jobs.list', {})).find((job) => job.id === id && job.state.kind === 'holding'),
    'the export',
  )
}

it('a backup and an export of one machine never overlap: refused by name, or one after the other', async () => {
  using dir = tempDir('fc-')
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', 0, '4M', 7)
  mkdirSync(dir.file('backups'))
  await using floe = await startFloe(dir.file('home'))
  const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: null })
  await floe.call('destinations.add', { path: dir.file('backups'), name: null })
  const { jobId: first } = await floe.call('export.start', { machineId: machine.id, diskIds: null, ...nobodyAsked })
  const letGo = new AbortController()
  const holding = floe.core.client.invoke('export.hold', { jobId: first }, letGo.signal)
  expect((await held(floe, first)).export?.disks).toHaveLength(1)
  const backup = { machineId: machine.id, destinationId: null, diskIds: null, limit: null, check: false }
  // By name, or with patience.
  expect(await floe.refusal('backup.start', backup)).toBe('machine/has-jobs')
  const { jobId: second } = await floe.call('backup.start', { ...backup, whenPossible: true })
  const waiting = (await floe.call('jobs.list', {})).find((job) => job.id === second)
  expect(['queued', 'waiting']).toContain(waiting?.state.kind)
  const { jobId: third } = await floe.call('export.start', { machineId: machine.id, diskIds: ['vda'], ...nobodyAsked })
  void floe.core.client.invoke('export.hold', { jobId: third }, letGo.signal)
  await floe.call('jobs.cancel', { jobId: first })
  expect(await holding).toEqual({ ok: true, value: {} })
  await floe.done(second)
  await held(floe, third)
  await floe.call('jobs.cancel', { jobId: third })
  await floe.end(third)
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(await floe.refusal('export.hold', { jobId: second })).toBe('job/unknown')
  const wrong = { machineId: machine.id, diskIds: ['nope'], ...nobodyAsked }
  expect(await floe.refusal('export.start', wrong)).toBe('export/disk-unknown')
})
