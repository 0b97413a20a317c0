import { expect, test } from 'vitest'
import { schedules, survive } from '../../support/schedules.ts'
import { ScheduleRig } from '../../support/schedules-rig.ts'
import { volume } from '../../support/volume.ts'

test('whatever goes wrong when, every restore point is the disk of its instant, where points lie over each other', async () => {
  using drive = volume('ext4', 400)
  await using rig = await ScheduleRig.start(drive)
  await survive(rig)
  expect(rig.bases.get('bitmap') ?? 0).toBeGreaterThan(schedules / 2)
  expect(rig.bases.get('comparison') ?? 0).toBeGreaterThan(schedules / 20)
}, 3_600_000)
