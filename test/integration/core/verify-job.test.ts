import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { createActivityLog } from '../../../electron/core/activity/activity-log.ts'
import { createJobBoard } from '../../../electron/core/jobs/board.ts'
import { createPointJobs } from '../../../electron/core/points/point-jobs.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { volume } from '../../support/volume.ts'

const miB = 1 << 20

/** Flips one bit in the middle of the first byte of guest data that lies in this very file. */
async function flip(path: string, guestOffset: number): Promise<void> {
  const map = JSON.parse(await run('qemu-img', 'map', '--output=json', '-f', 'qcow2', path)) as {
    start: number
    depth: number
    offset?: number
  }[]
  const start = map.findLast((part) => part.start <= guestOffset && part.depth === 0)
  const at = (start?.offset ?? 0) + guestOffset - (start?.start ?? 0)
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
  closeSync(file)
}

// ux.md 7, 43.
it('one flipped byte makes a verification fail that names file, offset and every point that is damaged with it', async () => {
  using drive = volume('ext4', 200)
  await using test = await testRepository()
  using disk = new TestDisk(4 * miB)
  const { repository, ports, topics, home } = test
  const destination = await repository.addDestination(drive.path, null)
  const machineId = newMachineId()
  const points: Point[] = []
  for (const [number, offset] of [0, 3 * miB, miB].entries()) {
    ports.clock.set(`2026-03-0${number + 1}T09:00:00.000Z`)
    const writes = [{ offset, length: number === 0 ? 4 * miB : 65536 }]
    disk.write(writes)
    const parentId: PointId | null = points.at(-1)?.id ?? null
    const point = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
    points.push(await repository.computeIndex(point.id, noProgress, never))
  }
  const [base, second, third] = points as [Point, Point, Point]
  await flip(join(base.path, 'disk-vda.qcow2'), 2 * miB + 7)

  const board = createJobBoard({ ports, topic: topics.jobs })
  const activity = createActivityLog({ ports, file: home.file('activity.jsonl'), topic: topics.activity })
  const jobs = createPointJobs({ ports, repository, board, activity })
  const job = await board.whenFinal(jobs.verify(third.id, 'content'))
  const { state } = job
  if (state.kind !== 'failed') throw new Error(`The job ended as ${state.kind}.`)
  expect(job.result).toMatchObject({ ok: false, pointId: third.id })
  expect(state.problem).toMatchObject({
    code: 'point/damaged',
    params: {
      pointId: third.id,
      file: `${basename(base.path)}/disk-vda.qcow2`,
      offset: 2 * miB,
      disk: 'vda',
      alsoDamaged: 2,
      alsoDamagedIds: expect.stringContaining(base.id),
    },
  })
  const { message } = state.problem
  expect(message).toContain(`The restore point of ${third.createdAt} is damaged. Bytes ${2 * miB} to ${3 * miB - 1}`)
  expect(message).toContain(
    `The restore points of ${base.createdAt} and ${second.createdAt} hold or need the same bytes and can’t be restored either.`,
  )
  expect(activity.list()).toMatchObject([{ level: 'problem', text: message }])
  for (const point of points) {
    await expect(repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  }
})
