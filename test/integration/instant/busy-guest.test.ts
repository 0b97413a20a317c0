import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { startDemoGuest, verifyDemoImage } from '../../support/demo-guest.ts'

/** More by hand: what goes wrong here does so once in a while. */
const rounds = Number(process.env.FLOE_INSTANT_BACKUPS ?? 12)

test('a guest that writes without a pause to an IDE disk is backed up as of one instant, time and again', async () => {
  await using guest = await startDemoGuest({ blocks: 2048, pauseMs: 1 })
  await using world = await backupWorld()
  const machine = await world.floe.machines.add(guest.qmpPath, null, null)
  for (let round = 0; round < rounds; round += 1) {
    await guest.waitFor(guest.counter() + 50)
    const before = guest.counter()
    const point = world.pointOf(await world.run(machine))
    const copy = await verifyDemoImage(`${point.path}/${point.disks[0]?.file}`)
    expect(copy, `round ${round}`).toMatchObject({ ok: true, problems: [] })
    expect(copy.counter).toBeGreaterThanOrEqual(before)
    expect(point.way).toBe('fleecing')
  }
}, 900_000)
