// The run of a swap: look again, build every image beside the old one, prove it, look once more, swap.
import { basename, dirname } from 'node:path'
import type { PointId, RestoreId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import { syncFolder } from '../ports/sync-folder.ts'
import { checkBuilt, copyOut, dress, type ImageToBuild, spaceFor } from './build.ts'
import type { RestoreContext } from './context.ts'
import { abandon, exchange } from './exchange-run.ts'
import { buildFailure, cancelled } from './failures.ts'
import { assertClear } from './finding.ts'
import { inspectImage } from './image-checks.ts'
import type { RestoreRecord } from './journal.ts'
import { checkNotShared, checkOff } from './life-checks.ts'
import { restoringPathOf } from './names.ts'
import { type PlannedDisk, planSwap, type SwapPlan } from './preflight.ts'
import { CopyReport, phasesAt } from './report.ts'

/** @throws FloeError whatever stands against it; all images are as before then */
export async function runSwap(
  context: RestoreContext,
  job: Job,
  ids: { restoreId: RestoreId; pointId: PointId },
  signal: AbortSignal,
): Promise<void> {
  const { board, records, repository, step } = context
  using _pin = repository.pinWhileReading(ids.pointId)
  board.update(job.id, {
    state: { kind: 'preparing', step: 'Looking at the machine and its images' },
    phases: phasesAt('prepared'),
  })
  const isAsRestored = records.isAsRestored.bind(records)
  const plan = await planSwap({ ...context, isAsRestored }, ids.pointId)
  assertClear(plan.findings)
  if (signal.aborted) throw cancelled(job.machineName)
  const record = newRecord(context, job, ids, plan)
  step('journal-building')
  await records.save(record)
  try {
    await buildAll(context, job, record, plan, signal)
    board.update(job.id, {
      canCancel: false,
      state: { kind: 'finishing', step: 'Swapping the images' },
      phases: phasesAt('recorded'),
    })
    if (signal.aborted) throw cancelled(job.machineName)
    await lookOnceMore(context, record, plan)
  } catch (error) {
    await abandon(context, record)
    throw error
  }
  const note = await exchange(context, record)
  const bytes = plan.disks.reduce((sum, disk) => sum + disk.dataBytes, 0)
  board.update(job.id, {
    phases: phasesAt(null),
    note:
      note ??
      'Start your machine as usual. The next backup compares its disks with the last restore point and copies what differs.',
    result: {
      pointId: ids.pointId,
      restoreId: record.id,
      images: record.disks.map((disk) => ({ disk: disk.diskId, path: disk.imagePath })),
      ok: true,
      bytes,
    },
  })
}

function newRecord(
  { ports }: RestoreContext,
  job: Job,
  ids: { restoreId: RestoreId; pointId: PointId },
  plan: SwapPlan,
): RestoreRecord {
  return {
    id: ids.restoreId,
    jobId: job.id,
    machineId: plan.point.machineId,
    machineName: job.machineName,
    pointId: ids.pointId,
    undoes: null,
    createdAt: ports.clock.now().toISOString(),
    state: { kind: 'building' },
    disks: plan.disks.map(({ disk, imagePath, undoPath, stats }) => ({
      diskId: disk.id,
      imagePath,
      incomingPath: restoringPathOf(imagePath, ids.restoreId),
      undoPath,
      old: null,
      oldBytes: (stats?.blocks ?? 0) * 512,
      incoming: null,
    })),
  }
}

async function buildAll(
  context: RestoreContext,
  job: Job,
  record: RestoreRecord,
  plan: SwapPlan,
  signal: AbortSignal,
): Promise<void> {
  const { board, ports, repository, step } = context
  const { env } = ports
  const report = new CopyReport(
    board,
    ports.clock,
    job.id,
    plan.disks.map((one) => ({
      diskId: one.disk.id,
      name: basename(one.imagePath),
      dataBytes: one.dataBytes,
      virtualSize: one.disk.virtualSize,
    })),
  )
  const images = plan.disks.map((planned, index) => imageOf(plan, planned, record.disks[index]?.incomingPath ?? ''))
  board.update(job.id, { state: { kind: 'copying' }, phases: phasesAt('copying') })
  for (const [index, image] of images.entries()) {
    step(`build-${index}`)
    report.copied(index, 0)
    const planned = plan.disks[index] as PlannedDisk
    const about = {
      machineName: job.machineName,
      folder: dirname(image.targetPath),
      neededBytes: spaceFor(planned.dataBytes, image.disk.virtualSize),
      signal,
    }
    const onProgress = (fraction: number) => report.copied(index, fraction)
    await copyOut(image, { env, signal, onProgress }).catch(async (error) => {
      throw await buildFailure(error, about)
    })
    report.copied(index, 1)
  }
  board.update(job.id, { state: { kind: 'checking' }, phases: phasesAt('checking') })
  for (const [index, image] of images.entries()) {
    step(`check-${index}`)
    const about = { machineName: job.machineName, folder: dirname(image.targetPath), neededBytes: 0, signal }
    try {
      await checkBuilt(image, repository, { env, signal, onProgress: (bytes) => report.checked(bytes) })
      report.diskChecked(image.disk.virtualSize)
      step(`dress-${index}`)
      await dress(image)
      await syncFolder(dirname(image.targetPath))
    } catch (error) {
      throw await buildFailure(error, about)
    }
  }
}

function imageOf(plan: SwapPlan, planned: PlannedDisk, targetPath: string): ImageToBuild {
  const { disk, sourcePath, format, stats } = planned
  return { pointId: plan.point.id, disk, sourcePath, targetPath, format, like: stats }
}

/** The machine may have been started while the images were built. */
async function lookOnceMore({ machines }: RestoreContext, record: RestoreRecord, plan: SwapPlan): Promise<void> {
  const { machine } = plan
  if (machine === null) return
  const paths = record.disks.map((disk) => disk.imagePath)
  for (const { imagePath, format } of plan.disks) {
    const { error } = await inspectImage(imagePath, { format, exactSize: null })
    if (error !== null) throw error
  }
  assertClear([await checkNotShared(machines, machine, paths), await checkOff(machines, machine, paths)])
}
