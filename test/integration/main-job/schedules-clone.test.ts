import { expect, test } from 'vitest'
import { cloneVolume } from '../../support/clone-volume.ts'
import { ScheduleRig, schedules, survive } from '../../support/schedules.ts'

test('whatever goes wrong when, every restore point is the disk of its instant, where points are clones', async () => {
  using volume = cloneVolume('xfs')
  await using rig = await ScheduleRig.start(volume.path)
  await survive(rig)
  expect(rig.bases.get('bitmap') ?? 0).toBeGreaterThan(schedules / 10)
  expect(rig.bases.get('comparison') ?? 0).toBeGreaterThan(0)
}, 3_600_000)
