import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Point } from '../../../shared/domain/point.ts'
import type { Moment } from '../../support/backup-child.ts'
import { type BackupFloe, startParts, worldPorts } from '../../support/backup-world.ts'
import { bitmapsOf, KeptDisks } from '../../support/kept-disk.ts'
import { doomedFloe, leftovers } from '../../support/killed-floe.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

type Basis = Extract<Point['basis'], 'bitmap' | 'comparison'>

const recorded: readonly Moment[] = [
  'after transaction 1',
  'after look 1',
  'before job-dismiss',
  'after job-dismiss',
  'before blockdev-del',
  'after blockdev-del',
  'before image-closed',
  'before final-name',
  'after final-name',
  'while checking',
]
const discarded: readonly Moment[] = [
  'before blockdev-add',
  'after blockdev-add',
  'after human-monitor-command',
  'before end-marked',
  'after end-marked',
  'before transaction',
  'after image-closed',
]
/**
 * The jobs of a comparison begin only after it, and what it found is lost with Floe. The bitmap that a killed QEMU left
 * unfinished is gone before. Between the beginning of the new bitmap and the answer to the copy's, QEMU alone knows how
 * many of the commands that Floe sent together it has read: both ends are right.
 */
const moments = {
  bitmap: {
    recorded: [...recorded, 'before old-bitmap-gone', 'after old-bitmap-gone'],
    either: ['after transaction'],
    discarded,
  },
  comparison: {
    recorded,
    either: [],
    discarded: [
      ...discarded,
      ...(['after transaction', 'after marks-read', 'before marks-made', 'after marks-made'] as const),
      ...(['before marks-gone', 'before transaction 1'] as const),
    ],
  },
} satisfies Record<Basis, Record<'recorded' | 'either' | 'discarded', readonly Moment[]>>

const cases = (['bitmap', 'comparison'] as const).flatMap((basis) => [
  ...moments[basis].recorded.map((moment) => ({ basis, moment, ends: ['done'] })),
  ...moments[basis].either.map((moment) => ({ basis, moment, ends: ['done', 'failed'] })),
  ...moments[basis].discarded.map((moment) => ({ basis, moment, ends: ['failed'] })),
])

/** A machine, and a Floe that has backed it up in full; what the disk held then. */
async function backedUp(path: string, home: string, destination: string, moment: Moment, kept: KeptDisks) {
  const disks = [{ id: 'vda', path: await createImage(path, '40M'), format: 'qcow2' as const }]
  const qemu = await startQemu({ disks })
  await qemu.write('vda', '1M', '12M', 5)
  const then = await kept.keep(qemu, 'vda', path)
  return { qemu, then, disks, floe: await doomedFloe({ home, qmpPath: qemu.qmpPath, destination }, moment) }
}

/** Takes up what the killed Floe left, to its end. */
async function takeUp(floe: BackupFloe) {
  const [job] = floe.board.list()
  if (!job) throw new Error('The backup was forgotten')
  await floe.board.setLimit(job.id, null).catch(() => {})
  return floe.board.whenFinal(job.id)
}

async function backUpOnceMore(floe: BackupFloe, qemu: TestQemu): Promise<Point> {
  const machine = await floe.machines.add(qemu.qmpPath, null, null)
  const destinationId = floe.repository.destinations()[0]?.id ?? null
  const wish = { machineId: machine.id, destinationId, diskIds: null, limit: null, check: true }
  const { state, result } = await floe.board.whenFinal(await floe.backups.start(wish))
  expect(state).toEqual({ kind: 'done' })
  return floe.repository.point(result?.pointId as Point['id'])
}

test.each(cases)(
  'Floe killed $moment of an incremental by $basis: it ends $ends, leaves a good point or none, and nothing that changed is lost',
  async ({ basis, moment, ends }) => {
    using dir = tempDir()
    using kept = new KeptDisks()
    const path = dir.file('a.qcow2')
    const [home, backups] = [dir.file('home'), dir.file('backups')]
    for (const folder of [home, backups]) mkdirSync(folder)
    const started = await backedUp(path, home, backups, moment, kept)
    await using first = started.qemu
    using doomed = started.floe
    if (basis === 'comparison') await first.kill()
    await using second = basis === 'comparison' ? await startQemu({ disks: started.disks }) : null
    const qemu = second ?? first
    await qemu.write('vda', '4M', '8M', 33)
    await qemu.write('vda', '30M', '64k', 34)
    const atInstant = await kept.keep(qemu, 'vda', path)
    expect(await doomed.backUpAgain(qemu.qmpPath)).toBe('SIGKILL')
    await qemu.write('vda', '10M', '4M', 77)

    const floe = await startParts(home, worldPorts())
    const expectExact = async (held: readonly string[]) => {
      const points = floe.repository.points(null).toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
      expect(points).toHaveLength(held.length)
      for (const [index, point] of points.entries()) {
        const image = join(point.path, point.disks[0]?.file ?? '')
        expect(await difference(held[index] as string, image, { a: 'raw', b: 'qcow2' })).toBeNull()
      }
      return points
    }
    try {
      const final = await takeUp(floe)
      expect(ends, JSON.stringify([final.plan, final.state])).toContain(final.state.kind)
      const good = final.state.kind === 'done'
      expect(await leftovers(qemu)).toEqual([])
      const held = good ? [started.then, atInstant] : [started.then]
      const points = await expectExact(held)
      if (good) expect(points[1]).toMatchObject({ kind: 'incremental', basis, index: { kind: 'complete' } })

      await qemu.write('vda', '36M', '64k', 78)
      held.push(await kept.keep(qemu, 'vda', path))
      const last = await backUpOnceMore(floe, qemu)
      expect(last).toMatchObject({ kind: 'incremental', basis: good ? 'bitmap' : basis })
      await expectExact(held)
      expect(await leftovers(qemu)).toEqual([])
      expect((await bitmapsOf(qemu, 'vda')).map(({ name }) => name)).toEqual([last.disks[0]?.bitmap])
      const names = readdirSync(backups, { recursive: true, encoding: 'utf8' })
      expect(names.filter((name) => name.includes('.partial-') || name.endsWith('.tmp'))).toEqual([])
      expect(readdirSync(`${home}/journals/backup`)).toEqual([])
    } finally {
      await floe.stop()
    }
  },
)
