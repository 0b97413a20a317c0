import { once } from 'node:events'
import { expect, it } from 'vitest'
import type { JobId, PointId } from '../../../shared/domain/ids.ts'
import { type BackedUpGuest, startBackedUpGuest } from '../../support/linux-guest/backed-up.ts'
import { until } from '../../support/run.ts'

// What the guest does to itself while it is being backed up. Slow enough a copy that it is still going on.
const limit = 4_000_000

async function copying(world: BackedUpGuest, id: JobId): Promise<void> {
  await until(async () => {
    const job = (await world.floe.call('jobs.list', {})).find((candidate) => candidate.id === id)
    return job?.state.kind === 'copying'
  }, 'the copying to begin')
}

it('a guest that starts again during a backup is backed up as of the instant, and goes on', async () => {
  await using world = await startBackedUpGuest({ diskCount: 2, agent: true, reboots: true })
  const before = world.guest.acknowledged()
  const id = await world.start({ limit })
  await copying(world, id)
  const after = world.guest.acknowledged()
  await world.guest.control.reboot()
  const job = await world.floe.done(id)
  const { verdict } = await world.judge(job.result?.pointId as PointId)
  expect(verdict, verdict.text).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
  expect(verdict.end).toBeLessThanOrEqual(after + 1)
  await world.steps(10)
  expect((await world.prove({ freeze: false })).verdict).toMatchObject({ good: true })
})

it('a guest that turns itself off during a backup is backed up all the same, and then QEMU ends as it would have', async () => {
  await using world = await startBackedUpGuest({ diskCount: 2, agent: true })
  const ended = once(world.guest.qemu.process, 'exit')
  const before = world.guest.acknowledged()
  const id = await world.start({ limit })
  await copying(world, id)
  const after = world.guest.acknowledged()
  await world.guest.control.powerOff()
  const job = await world.floe.done(id)
  await ended
  const { verdict } = await world.judge(job.result?.pointId as PointId)
  expect(verdict, verdict.text).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
  expect(verdict.end).toBeLessThanOrEqual(after + 1)
})
