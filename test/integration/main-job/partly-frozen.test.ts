import { afterAll, beforeAll, expect, it } from 'vitest'
import { worthSentence } from '../../../shared/text/consistency-words.ts'
import { type BackedUpGuest, startBackedUpGuest } from '../../support/linux-guest/backed-up.ts'

// A guest with two ext4, of which not both are frozen.
let world: BackedUpGuest

beforeAll(async () => {
  world = await startBackedUpGuest({ diskCount: 2, agent: true })
})
afterAll(() => world?.[Symbol.asyncDispose]())

it('a point with one file system frozen is clean there, needs recovery elsewhere, and says both', async () => {
  const { point, verdict, recovery } = await world.prove({ freeze: true, mountpoints: ['/data', '/data/'] })
  expect(point).toMatchObject({
    consistency: 'frozen',
    freeze: { fileSystems: [{ mountpoint: '/data', type: 'ext4' }], partial: true },
  })
  expect(recovery).toEqual([false, true])
  expect(verdict, verdict.text).toMatchObject({ good: true })
  expect(worthSentence(point)).toBe(
    'Clean at this instant: /data (ext4). Others were not frozen; for them this is like after a power cut.',
  )
})

it('a point with every file system frozen by name is clean, and says no less than one without names', async () => {
  const { point, recovery } = await world.prove({ freeze: true, mountpoints: ['/data', '/data2'] })
  expect(recovery).toEqual([false, false])
  expect(point.freeze?.fileSystems.map(({ mountpoint }) => mountpoint).sort()).toEqual(['/data', '/data2'])
  expect(worthSentence(point)).toBe('The guest’s file systems were clean at this instant.')
})

it('with a mount point that is not there nothing is called frozen, and a required freeze makes no point', async () => {
  const wish = { freeze: true, mountpoints: ['/data', '/dta'] }
  const { point, job, recovery } = await world.prove(wish)
  expect(point).toMatchObject({ consistency: 'crash-consistent', freeze: null })
  expect(point.consistencyReason).toContain('has nothing mounted at /dta that can be frozen.')
  expect(job.instant?.cause).toBe('refused')
  expect(recovery).toEqual([true, true])
  const points = async () => (await world.floe.call('points.list', { machineId: world.machineId })).length
  const before = await points()
  const refused = await world.floe.end(await world.start({ ...wish, requireFreeze: true }))
  expect(refused.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/freeze-required' } })
  expect(await points()).toBe(before)
  await world.guest.control.writeNow()
})
