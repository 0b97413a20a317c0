import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createActivityLog } from '../../../electron/core/activity/activity-log.ts'
import { createJobBoard } from '../../../electron/core/jobs/board.ts'
import { newJob } from '../../../electron/core/jobs/new-job.ts'
import { createBackgroundVerification } from '../../../electron/core/points/background-verify.ts'
import { createPointJobs } from '../../../electron/core/points/point-jobs.ts'
import type { Repository } from '../../../electron/core/repository/types.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { defaultSettings } from '../../../shared/domain/settings.ts'
import { addPoint, never, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const gigabyte = 2 ** 30

/** A Floe's points with what reads them back, and a switch that holds reading up as a slow drive does. */
function worldOf(test: TestRepository) {
  const { ports, topics, home } = test
  let perDay: number | null = gigabyte
  const board = createJobBoard({ ports, topic: topics.jobs, limits: { publishEveryMs: 0 } })
  const activity = createActivityLog({ ports, file: home.file('activity.jsonl'), topic: topics.activity })
  let slow: Promise<void> | null = null
  const repository: Repository = {
    ...test.repository,
    verify: async (id, level, onProgress, signal, pace) => {
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      if (slow) await Promise.race([slow, stopped])
      return test.repository.verify(id, level, onProgress, signal, pace)
    },
  }
  const parts = { ports, repository, board, activity, topics }
  const file = home.file('verify-ledger.json')
  const background = createBackgroundVerification({
    ...parts,
    settings: { get: () => ({ ...defaultSettings, verifyPerDay: perDay }) },
    file,
    soonMs: 5,
  })
  return {
    board,
    activity,
    background,
    points: createPointJobs(parts),
    checks: (): readonly Job[] => board.list().filter(({ kind }) => kind === 'verify'),
    ledger: () => JSON.parse(readFileSync(file, 'utf8')).data as { budget: number; notBefore: object },
    allow: (bytes: number | null) => {
      perDay = bytes
      topics.settings.set({ id: 'settings', settings: { ...defaultSettings, verifyPerDay: bytes } })
    },
    /** Reading stands still until it is called. */
    slowDown: () => {
      let goOn = () => {}
      slow = new Promise((resolve) => {
        goOn = () => {
          slow = null
          resolve()
        }
      })
      return goOn
    },
    /** Somebody else's job; ends when it is told. */
    begin: (kind: Job['kind'], point: Point, claims: readonly string[] = []) => {
      const job = newJob(ports, kind, { destinationId: point.destinationId, machineName: 'other' })
      let end = () => {}
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      board.enqueue(job, claims, {}, () => ended)
      return { id: job.id, end }
    },
  }
}

async function checkedPoint(test: TestRepository, folder: string): Promise<Point> {
  const destination = test.repository.destinations()[0] ?? (await test.repository.addDestination(folder, null))
  const { id } = await addPoint(test.repository, destination)
  return test.repository.computeIndex(id, noProgress, never)
}

describe('background verification', () => {
  it('reads points back one after the other, pays for what it read, and rests', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const points = [await checkedPoint(test, place.path), await checkedPoint(test, place.path)]
    const world = worldOf(test)
    await world.background.start()
    await until(
      () => points.every(({ id }) => test.repository.point(id).verification?.level === 'content'),
      'both points are read back',
    )
    await until(() => world.checks().every(({ state }) => isFinal(state)), 'the checks have ended')
    await world.background.stop()
    expect(world.checks()).toHaveLength(2)
    expect(gigabyte - world.ledger().budget).toBeGreaterThan(0)
    expect(gigabyte - world.ledger().budget).toBeLessThan(16 << 20)
    expect(world.activity.list().map(({ level }) => level)).toEqual(['info', 'info'])
  })

  it('tells damage, and begins nothing while it is not allowed', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const point = await checkedPoint(test, place.path)
    const file = openSync(join(point.path, 'disk-vda.qcow2'), 'r+')
    writeSync(file, Buffer.from([1, 2, 3]), 0, 3, (point.disks[0]?.fileSize ?? 0) - 65536)
    closeSync(file)
    const world = worldOf(test)
    world.allow(null)
    await world.background.start()
    expect(world.checks()).toEqual([])
    world.allow(gigabyte)
    await until(() => test.repository.point(point.id).verification?.ok === false, 'the damage is found')
    await until(() => world.activity.list().length > 0, 'the damage is told')
    expect(world.activity.list()).toMatchObject([{ level: 'problem', problem: { code: 'point/damaged' } }])
    await world.background.stop()
    expect(world.checks()).toHaveLength(1)
  })

  it('does not begin where somebody works, and holds still when somebody begins to', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const point = await checkedPoint(test, place.path)
    const world = worldOf(test)
    const first = world.begin('backup', point)
    await world.background.start()
    expect(world.checks()).toEqual([])
    const goOn = world.slowDown()
    first.end()
    await until(() => world.checks().length === 1, 'a check begins')
    const second = world.begin('backup', point)
    goOn()
    await until(() => world.checks()[0]?.checked !== null, 'the check reads')
    // Others that read as much come to their end meanwhile.
    const other = await checkedPoint(test, place.path)
    expect(await test.repository.verify(other.id, 'content', noProgress, never)).toMatchObject({ ok: true })
    expect(test.repository.point(point.id).verification).toBeNull()
    expect(isFinal((world.checks()[0] as Job).state)).toBe(false)
    second.end()
    await until(() => test.repository.point(point.id).verification?.ok === true, 'the point is verified')
    await world.background.stop()
  })

  it('lets somebody by who waits for it, and takes the point up again later', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const point = await checkedPoint(test, place.path)
    const world = worldOf(test)
    const goOn = world.slowDown()
    await world.background.start()
    await until(() => world.checks().length === 1, 'a check begins')
    const asked = world.begin('verify', point, [`verify:${point.destinationId}`])
    await until(() => world.checks()[0]?.state.kind === 'cancelled', 'the check is given up')
    await until(() => world.board.get(asked.id).startedAt !== null, 'the other job runs')
    expect(world.checks()).toHaveLength(2)
    goOn()
    asked.end()
    await until(() => test.repository.point(point.id).verification?.ok === true, 'the point is verified')
    await world.background.stop()
    expect(world.ledger().notBefore).toEqual({})
  })

  it('lets a point be deleted that it is reading', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const point = await checkedPoint(test, place.path)
    await checkedPoint(test, place.path)
    const world = worldOf(test)
    world.slowDown()
    await world.background.start()
    await until(() => world.checks().length === 1, 'a check begins')
    const reading = world.checks()[0]?.pointId ?? point.id
    const deletion = await world.board.whenFinal(world.points.delete([reading], [reading]))
    expect(deletion.state.kind).toBe('done')
    expect(test.repository.points(null).map(({ id }) => id)).not.toContain(reading)
    await world.background.stop()
  })

  it('leaves a point alone for a day whose check somebody cancelled, and ends with Floe', async () => {
    using place = tempDir()
    await using test = await testRepository()
    const points = [await checkedPoint(test, place.path), await checkedPoint(test, place.path)]
    const world = worldOf(test)
    world.slowDown()
    await world.background.start()
    await until(() => world.checks().length === 1, 'a check begins')
    const [cancelled] = world.checks() as [Job]
    await world.board.cancel(cancelled.id)
    await until(() => world.checks().length === 2, 'the next check begins')
    expect(world.checks()[1]?.pointId).toBe(points.find(({ id }) => id !== cancelled.pointId)?.id)
    await world.background.stop()
    expect(world.checks().map(({ state }) => state.kind)).toEqual(['cancelled', 'cancelled'])
    expect(Object.keys(world.ledger().notBefore)).toEqual([cancelled.pointId])
    expect(world.activity.list()).toEqual([])
  })
})
