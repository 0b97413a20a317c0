import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { type BackedUpGuest, startBackedUpGuest } from '../../support/linux-guest/backed-up.ts'
import { volume } from '../../support/volume.ts'

/** Backups at random moments per way of reading; `FLOE_PAIR_BACKUPS` asks for more. */
const backups = Number(process.env.FLOE_PAIR_BACKUPS ?? 5)

// Each step of the guest is on one disk before it is on the other. Without room for the guest's old data the planner
// falls back to plain push.
describe.each(['fleecing', 'push'] as const)('two disks under constant writes, by %s', (way) => {
  const held = new AsyncDisposableStack()
  let world: BackedUpGuest

  beforeAll(async () => {
    const settings = way === 'push' ? { scratchFolder: held.use(volume('ext4', 2)).path } : {}
    world = held.use(await startBackedUpGuest({ diskCount: 2, agent: true, settings }))
  })
  afterAll(() => held.disposeAsync())

  it('never show a later step on one disk without all earlier ones on the other', async () => {
    const moment = fc.record({
      steps: fc.nat(20),
      limit: fc.integer({ min: 6_000_000, max: 40_000_000 }),
      freeze: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(moment, async ({ steps, limit, freeze }) => {
        await world.steps(steps)
        const { point, before, after, verdict, recovery } = await world.prove({ limit, freeze })
        expect(point).toMatchObject({ way, consistency: freeze ? 'frozen' : 'crash-consistent' })
        if (way === 'fleecing') expect(point.pausedMs).toBeGreaterThan(0)
        expect(recovery).toEqual([!freeze, !freeze])
        expect(verdict, verdict.text).toMatchObject({ good: true })
        expect(verdict.end).toBeGreaterThanOrEqual(before)
        expect(verdict.end).toBeLessThanOrEqual(after + 1)
      }),
      { numRuns: backups, endOnFailure: true },
    )
  }, 900_000)

  it('are found out when each was backed up at a moment of its own', async () => {
    const machine = (await world.floe.call('machines.list', {})).find(({ id }) => id === world.machineId)
    const points: PointId[] = []
    for (const disk of machine?.disks ?? []) {
      const job = await world.floe.done(await world.start({ diskIds: [disk.id], freeze: false }))
      points.push(job.result?.pointId as PointId)
      await world.steps(5)
    }
    const [first, second] = points as [PointId, PointId]
    const { verdict } = await world.judge(first, second)
    expect(verdict).toMatchObject({ good: false, text: expect.stringContaining('the other ends at') })
  })
})
