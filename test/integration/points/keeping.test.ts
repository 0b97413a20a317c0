import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createActivityLog } from '../../../electron/core/activity/activity-log.ts'
import { difference, union } from '../../../electron/core/extents/extents.ts'
import { createJobBoard } from '../../../electron/core/jobs/board.ts'
import { createPointKeeping } from '../../../electron/core/points/keeping.ts'
import { createPointJobs } from '../../../electron/core/points/point-jobs.ts'
import type { DiskId, JobId, PointId } from '../../../shared/domain/ids.ts'
import { DeletePreview, PointDifference, RetentionPreview } from '../../../shared/domain/retention.ts'
import { assertIntact, makeChain } from '../../support/chain-of-points.ts'
import { addPoint, never, noProgress, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'

const nothing = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

/** A Floe on a destination with a chain of points, a day apart. */
async function keeper(count: number) {
  const place = tempDir()
  const chain = await makeChain(
    place.path,
    Array.from({ length: count }, (_, number) => (number === 0 ? null : number - 1)),
  )
  const test = await testRepository()
  const { ports, topics, home, repository } = test
  const { id: destinationId } = await repository.addDestination(place.path, null)
  const board = createJobBoard({ ports, topic: topics.jobs, limits: { publishEveryMs: 0 } })
  const activity = createActivityLog({ ports, file: home.file('activity.jsonl'), topic: topics.activity })
  const parts = { ports, repository, board, activity }
  return {
    place,
    chain,
    parts,
    repository,
    board,
    activity,
    ids: chain.points.map(({ id }) => id),
    set: { machineId: chain.machineId, destinationId },
    keeping: createPointKeeping({ ...parts, timeZone: () => 'UTC' }),
    points: createPointJobs(parts),
    ended: async (jobId: JobId) => {
      const job = await board.whenFinal(jobId)
      if (job.state.kind === 'failed') throw new Error(job.state.problem.message, { cause: job.state.problem })
      return job
    },
    [Symbol.asyncDispose]: async () => {
      await board.stop()
      await test[Symbol.asyncDispose]()
      chain[Symbol.dispose]()
      place[Symbol.dispose]()
    },
  }
}

it('a pin is seen by every Floe on the destination, survives a torn file, and can be taken out', async () => {
  await using floe = await keeper(2)
  const [first] = floe.ids as [PointId]
  expect(await floe.keeping.pin(first, true)).toMatchObject({ id: first, pinned: true })
  await using other = await testRepository()
  await other.repository.addDestination(floe.place.path, null)
  expect(other.repository.point(first).pinned).toBe(true)
  const file = join(other.repository.point(first).path, 'pinned.json')
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20))
  await other.repository.refresh()
  expect(other.repository.point(first).pinned).toBe(true)
  expect(await floe.keeping.pin(first, false)).toMatchObject({ pinned: false })
  expect(existsSync(file)).toBe(false)
  await other.repository.refresh()
  expect(other.repository.point(first).pinned).toBe(false)
})

it('pinned, last good and last verified points are deleted only on an extra word', async () => {
  await using floe = await keeper(3)
  const { keeping, points, repository, ids } = floe
  const [first, second, third] = ids as [PointId, PointId, PointId]
  await keeping.pin(first, true)
  await repository.verify(second, 'content', noProgress, never)
  const preview = DeletePreview.parse(await keeping.deletePreview([first, second]))
  expect(preview.points).toEqual([
    { pointId: first, guards: ['pinned'], dependents: [third] },
    { pointId: second, guards: ['last-verified'], dependents: [third] },
  ])
  expect(preview.movedBytes).toBeGreaterThan(64 << 10)
  expect((await keeping.deletePreview([third])).points[0]?.guards).toEqual(['last-good'])
  for (const id of ids)
    expect(() => points.delete([id], [])).toThrow(expect.objectContaining({ code: 'point/protected' }))
  expect(() => points.delete([first, second], [first])).toThrow(/last verified/)
  expect(repository.points(null)).toHaveLength(3)
  const job = await floe.ended(points.delete([first, second], [first, second]))
  expect(job.result?.bytes).toBeGreaterThanOrEqual(0)
  await assertIntact(repository, floe.chain, [third])
  expect(floe.activity.list()[0]?.text).toBe('2 restore points were deleted.')
})

it('a point that got protected while the deletion was queued stays', async () => {
  await using floe = await keeper(2)
  const [first] = floe.ids as [PointId]
  const jobId = floe.points.delete([first], [])
  // The one that comes first wins: a point that is being deleted cannot be pinned any more.
  const pinned = await floe.keeping.pin(first, true).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'point/in-use' })
      return false
    },
  )
  const job = await floe.board.whenFinal(jobId)
  if (!pinned) return
  expect(job.state).toMatchObject({
    kind: 'failed',
    problem: { code: expect.stringMatching(/^point\/(protected|in-use)$/) },
  })
  expect(floe.repository.points(null)).toHaveLength(2)
})

it('a point that another Floe pins while data is moved out of it stays, and this one refuses to pin it', async () => {
  await using floe = await keeper(3)
  await using other = await testRepository()
  await other.repository.addDestination(floe.place.path, null)
  const [first] = floe.ids as [PointId]
  const steps: string[] = []
  const pinnings: Promise<unknown>[] = []
  const deletePoints: typeof floe.repository.deletePoints = (ids, options) =>
    floe.repository.deletePoints(ids, {
      ...options,
      onStep: (name) => {
        steps.push(name)
        if (!name.startsWith('build')) return
        pinnings.push(other.repository.setPinned(first, true))
        pinnings.push(floe.keeping.pin(first, true).catch((error: unknown) => error))
      },
    })
  const points = createPointJobs({ ...floe.parts, repository: { ...floe.repository, deletePoints } })
  const job = await floe.board.whenFinal(points.delete([first], []))
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'point/protected' } })
  expect(await Promise.all(pinnings)).toMatchObject([{ pinned: true }, { code: 'point/in-use' }])
  expect(steps).not.toContain('remove')
  await assertIntact(floe.repository, floe.chain, floe.ids, 'images')
})

it('prune removes what its preview shows, and nothing when that is not what it would remove', async () => {
  await using floe = await keeper(5)
  const { keeping, set, ids, repository } = floe
  await keeping.pin(ids[1] as PointId, true)
  const policy = { ...nothing, daily: 2 }
  const preview = RetentionPreview.parse(await keeping.prunePreview({ ...set, policy }))
  expect(preview.keep).toEqual([
    { pointId: ids[4], rules: ['daily', 'last-good'] },
    { pointId: ids[3], rules: ['daily'] },
    { pointId: ids[1], rules: ['pinned'] },
  ])
  const expected = preview.remove.map(({ pointId }) => pointId)
  expect(expected).toEqual([ids[2], ids[0]])
  expect(preview.remove.map(({ dependents }) => dependents)).toEqual([
    [ids[3], ids[4]],
    [ids[1], ids[3], ids[4]],
  ])
  const deletion = await keeping.deletePreview(expected)
  expect(preview.movedBytes).toBeGreaterThan(64 << 10)
  expect(deletion).toMatchObject({ freedBytes: preview.freedBytes, movedBytes: preview.movedBytes })
  const wrong = keeping.prune({ ...set, policy: { ...nothing, daily: 1 }, expected })
  await expect(wrong).rejects.toMatchObject({ code: 'point/plan-changed' })
  await expect(keeping.prunePreview({ ...set, policy: nothing })).rejects.toMatchObject({ code: 'ipc/invalid-input' })
  await expect(keeping.prune({ ...set, policy: nothing, expected: null })).rejects.toMatchObject({
    code: 'ipc/invalid-input',
  })
  expect(repository.points(null)).toHaveLength(5)
  const job = await floe.ended(await keeping.prune({ ...set, policy, expected }))
  expect(job.kind).toBe('delete')
  await assertIntact(repository, floe.chain, [ids[1], ids[3], ids[4]] as PointId[])
  expect((await keeping.prunePreview({ ...set, policy })).remove).toEqual([])
  await floe.ended(await keeping.prune({ ...set, policy, expected: [] }))
})

it('two points of one machine differ where the guest wrote, and points of two machines are not compared', async () => {
  await using floe = await keeper(3)
  const { ids } = floe
  const [first, second] = ids as [PointId, PointId]
  const found = PointDifference.parse(await floe.keeping.difference(first, second))
  const vda = floe.chain.points[1]?.disks[0]?.id as DiskId
  const copied = (await floe.repository.copied(second, vda)) ?? []
  expect(found.disks).toMatchObject([{ diskId: 'vda', change: 'changed' }])
  const { ranges = [], bytes = 0 } = found.disks[0] ?? {}
  expect(difference(ranges, copied)).toEqual([])
  const back = await floe.keeping.difference(second, first)
  expect(back.disks).toMatchObject([{ ranges, bytes }])
  const third = ids[2] as PointId
  const across = (await floe.keeping.difference(first, third)).disks[0]?.ranges ?? []
  const later = (await floe.repository.copied(third, vda)) ?? []
  expect(difference(across, union(copied, later))).toEqual([])
  const [before, after] = [first, third].map((id) => readFileSync(floe.chain.raw.get(id) ?? ''))
  for (let offset = 0; offset < 4 << 20; offset += 64 << 10) {
    const [one, other] = [before, after].map((disk) => disk?.subarray(offset, offset + (64 << 10)))
    if (one?.equals(other as Buffer)) continue
    expect(difference([{ offset, length: 64 << 10 }], across)).toEqual([])
  }
  expect((await floe.keeping.difference(first, first)).disks).toMatchObject([{ change: 'same', bytes: 0 }])
  const other = await addPoint(floe.repository, floe.repository.destination(floe.set.destinationId))
  await expect(floe.keeping.difference(first, other.id)).rejects.toMatchObject({ code: 'point/not-comparable' })
  const bare = await addPoint(floe.repository, floe.repository.destination(floe.set.destinationId), {
    point: { machineId: floe.chain.machineId },
  })
  await expect(floe.keeping.difference(first, bare.id)).rejects.toMatchObject({ code: 'point/no-index' })
})
