import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cloneVolume } from '../../support/clone-volume.ts'
import { ScheduleRig, schedule } from '../../support/schedules.ts'

/** Thousands by hand. */
const schedules = Number(process.env.FLOE_SCHEDULES ?? 100)

/** The oldest, the newest but one, any: whatever goes, the rest stays what it was. */
const picks = [0, 0.3, 0.6, 0.9]

async function survive(rig: ScheduleRig): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(schedule, async (rounds) => {
      await rig.run(rounds)
      run += 1
      if (run % 10 > 0) return
      await rig.verifyAll()
      await rig.thin(4, (points) => points[Math.floor((picks[run % picks.length] as number) * points.length)] as never)
      expect(await rig.verifyAll()).toBe(4)
    }),
    { numRuns: schedules, endOnFailure: true },
  )
  expect(rig.bases.get('bitmap') ?? 0).toBeGreaterThan(schedules / 10)
  expect(rig.bases.get('comparison') ?? 0).toBeGreaterThan(0)
}

test('whatever goes wrong when, every restore point is the disk of its instant, where points lie over each other', async () => {
  await using rig = await ScheduleRig.start()
  await survive(rig)
}, 3_600_000)

test('whatever goes wrong when, every restore point is the disk of its instant, where points are clones', async () => {
  using volume = cloneVolume('xfs')
  await using rig = await ScheduleRig.start(volume.path)
  await survive(rig)
}, 3_600_000)
