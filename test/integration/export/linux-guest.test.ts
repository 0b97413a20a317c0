import { expect, it } from 'vitest'
import type { Job } from '../../../shared/domain/job.ts'
import { type BackedUpGuest, startBackedUpGuest } from '../../support/linux-guest/backed-up.ts'
import { judgeImages, needsRecovery } from '../../support/linux-guest/judge.ts'
import { until } from '../../support/run.ts'
import { tool } from './world.ts'

/** Exports the guest's disks while it works, copies them one after the other, and judges the copies. */
async function exported(world: BackedUpGuest, freeze: boolean, name: string) {
  const { floe, guest, machineId } = world
  const before = guest.acknowledged()
  const start = { machineId, diskIds: null, freeze, requireFreeze: null }
  const { jobId } = await floe.call('export.start', start)
  const letGo = new AbortController()
  const hold = floe.core.client.invoke('export.hold', { jobId }, letGo.signal)
  const isHeld = (job: Job) => {
    if (job.state.kind === 'failed') throw new Error(JSON.stringify(job.state.problem))
    return job.id === jobId && job.state.kind === 'holding'
  }
  const job = await until(async () => (await floe.call('jobs.list', {})).find(isHeld), 'the export', 90_000)
  const after = guest.acknowledged()
  const images: string[] = []
  for (const disk of job.export?.disks ?? []) {
    await world.steps(3)
    const image = `${world.folder}/${name}-${images.length}.qcow2`
    await tool('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk.uri, image])
    images.push(image)
  }
  await floe.call('jobs.cancel', { jobId })
  expect(await hold).toEqual({ ok: true, value: {} })
  const recovery = await Promise.all(images.map((image) => needsRecovery(image)))
  return { job, before, after, recovery, verdict: await judgeImages(...images) }
}

it('two disks of a guest under constant writes are exported as one instant: clean when frozen, like after a power cut when not', async () => {
  await using world = await startBackedUpGuest({ diskCount: 2, agent: true })
  const frozen = await exported(world, true, 'frozen')
  expect(frozen.job.instant).toMatchObject({ consistency: 'frozen', reason: null })
  expect(frozen.job.instant?.freeze?.heldMs).toBeGreaterThan(0)
  expect(frozen.recovery).toEqual([false, false])
  expect(frozen.verdict, frozen.verdict.text).toMatchObject({ good: true })
  expect(frozen.verdict.end).toBeGreaterThanOrEqual(frozen.before)
  expect(frozen.verdict.end).toBeLessThanOrEqual(frozen.after + 1)
  await world.guest.control.writeNow()
  const crash = await exported(world, false, 'crash')
  expect(crash.job.instant).toMatchObject({ consistency: 'crash-consistent', cause: 'not-wanted' })
  expect(crash.recovery).toEqual([true, true])
  expect(crash.verdict, crash.verdict.text).toMatchObject({ good: true })
  expect(crash.verdict.end).toBeGreaterThanOrEqual(crash.before)
  await world.steps(5)
})
