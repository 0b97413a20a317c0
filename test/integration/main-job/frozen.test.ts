import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BackedUpGuest, patient, startBackedUpGuest } from '../../support/linux-guest/backed-up.ts'
import { until } from '../../support/run.ts'

let world: BackedUpGuest

beforeAll(async () => {
  world = await startBackedUpGuest({ diskCount: 1, agent: true })
})
afterAll(() => world?.[Symbol.asyncDispose]())

it('a point taken with the guest frozen needs no journal recovery and has every record acknowledged before', async () => {
  const { point, job, before, after, verdict, recovery } = await world.prove({ freeze: true })
  expect(point).toMatchObject({ consistency: 'frozen', consistencyReason: null })
  expect(point.freeze?.heldMs).toBeGreaterThan(0)
  expect(point.freeze?.confirmedAfterMs).toBeGreaterThan(0)
  expect(point.freeze?.fileSystems).toEqual([{ mountpoint: '/data', type: 'ext4' }])
  expect(job.instant).toMatchObject({ consistency: 'frozen' })
  expect(recovery).toEqual([false])
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
  expect(verdict.end).toBeLessThanOrEqual(after + 1)
  await world.guest.control.writeNow()
})

it('a point taken without freezing says so, needs recovery, and has every record acknowledged before', async () => {
  const { point, before, after, verdict, recovery } = await world.prove({ freeze: false })
  expect(point).toMatchObject({ consistency: 'crash-consistent', freeze: null })
  expect(point.consistencyReason).toMatch(/\.$/)
  expect(recovery).toEqual([true])
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
  expect(verdict.end).toBeLessThanOrEqual(after + 1)
})

it('a silent agent costs the backup its freeze and nothing else, and the guest ends thawed', async () => {
  await world.floe.call('settings.set', { freezeLimitSeconds: 1 })
  await world.guest.control.stopAgent()
  const { point, job, before, verdict, recovery } = await world.prove({ freeze: true })
  expect(point).toMatchObject({ consistency: 'crash-consistent', freeze: null })
  expect(point.consistencyReason).toMatch(/agent|answer/)
  expect(job.instant?.cause).toMatch(/^(no-answer|too-slow)$/)
  expect(recovery).toEqual([true])
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)

  // Whatever was asked of the agent meanwhile, it now does: nothing of that may leave the guest frozen.
  await world.guest.control.continueAgent()
  await world.steps(5)
  await world.guest.control.writeNow()
  await world.floe.call('settings.set', patient)
  expect((await world.prove({ freeze: true })).point.consistency).toBe('frozen')
})

it('a guest that takes too long to freeze is thawed again, and backed up unfrozen', async () => {
  await world.floe.call('settings.set', { freezeLimitSeconds: 1 })
  // Six megabytes that a freeze has to wait for, at one per second.
  await world.guest.limitWrites(1_000_000)
  await world.guest.control.run('dd if=/dev/urandom of=/data/late bs=1M count=6')
  const { point, job, verdict } = await world.prove({ freeze: true })
  await world.guest.limitWrites(null)
  await world.guest.control.writeNow()
  expect(point).toMatchObject({ consistency: 'crash-consistent', freeze: null })
  expect(job.instant?.cause).toBe('too-slow')
  expect(verdict).toMatchObject({ good: true })
  const machine = (await world.floe.call('machines.list', {})).find(({ id }) => id === world.machineId)
  expect(machine?.mayBeFrozenSince).toBeNull()
  await world.floe.call('settings.set', patient)
  await world.guest.control.run('rm /data/late')
  expect((await world.prove({ freeze: true })).point.consistency).toBe('frozen')
})

it('when a freeze is required, a silent agent means no backup, and a guest that goes on', async () => {
  const points = async () => (await world.floe.call('points.list', { machineId: world.machineId })).length
  const before = await points()
  await world.floe.call('settings.set', { freezeLimitSeconds: 1 })
  await world.guest.control.stopAgent()
  const job = await world.floe.end(await world.start({ freeze: true, requireFreeze: true }))
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/freeze-required' } })
  expect(await points()).toBe(before)
  await world.guest.control.continueAgent()
  await world.steps(5)
  await world.guest.control.writeNow()
})

it.each(['preparing', 'freezing', 'copying'] as const)(
  'a backup cancelled while it is %s, or as soon as it can be, leaves a guest that writes and nothing in QEMU',
  async (moment) => {
    const id = await world.start({ freeze: true, limit: 2_000_000 })
    const order = ['queued', 'preparing', 'freezing', 'copying']
    await until(async () => {
      const job = (await world.floe.call('jobs.list', {})).find((candidate) => candidate.id === id)
      return job && order.indexOf(job.state.kind) >= order.indexOf(moment)
    }, `the job ${moment}`)
    await until(
      async () => (await world.floe.refusal('jobs.cancel', { jobId: id })) === null,
      'the job to be cancellable',
    )
    expect((await world.floe.end(id)).state.kind).toBe('cancelled')
    await world.guest.control.writeNow()
    const { monitor } = world.guest.qemu
    const nodes = await monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
    expect(nodes.map((node) => node['node-name']).filter((name) => name.startsWith('floe-'))).toEqual([])
    expect(await monitor.command('query-jobs')).toEqual([])
    expect(await monitor.command('query-status')).toMatchObject({ running: true })
  },
)

it('an aarch64 guest is frozen like any other', async () => {
  await using other = await startBackedUpGuest({ diskCount: 1, agent: true, architecture: 'aarch64' })
  const { point, before, verdict, recovery } = await other.prove({ freeze: true })
  expect(point).toMatchObject({ consistency: 'frozen' })
  expect(recovery).toEqual([false])
  expect(verdict, verdict.text).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
})
