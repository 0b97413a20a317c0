// A restore to new images: built under temporary names, proved, and given their names only when all of them are whole.
import { constants } from 'node:fs'
import { access, link, rename, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { syncFolder } from '../ports/sync-folder.ts'
import { checkBuilt, copyOut, dataBytesOf, dress, type ImageToBuild, removeFiles, spaceFor } from './build.ts'
import type { RestoreContext } from './context.ts'
import { buildFailure, cancelled, freeBytesAt, noSpace } from './failures.ts'
import { newImageName } from './names.ts'
import { CopyReport, phasesAt } from './report.ts'
import { look } from './stamp.ts'
import { storeOf } from './store-checks.ts'

interface NewImage extends ImageToBuild {
  readonly finalPath: string
  readonly dataBytes: number
}

export interface NewImagePlan {
  readonly point: Point
  readonly directory: string
  readonly images: readonly NewImage[]
}

/**
 * Looks whether the images can be made there.
 * @throws FloeError `restore/target-not-a-folder`, `restore/target-exists`, `restore/not-writable`, `restore/no-space`, `point/*`
 */
export async function planNewImages(
  { repository, ports }: Pick<RestoreContext, 'repository' | 'ports'>,
  pointId: PointId,
  target: string,
  format: 'qcow2' | 'raw',
  jobId: string,
): Promise<NewImagePlan> {
  const point = await repository.assertReadable(pointId)
  const directory = resolve(target)
  await assertFolder(directory)
  const store = await storeOf(directory, repository)
  if (store !== null) {
    throw new FloeError('restore/not-writable', `"${directory}" is where "${store}" keeps its restore points.`, {
      params: { path: directory, folder: directory },
      remedy: 'Choose a folder outside: what lies beside a restore point is deleted with it.',
    })
  }
  const images: NewImage[] = []
  for (const [index, disk] of point.disks.entries()) {
    const finalPath = join(directory, newImageName(point.machineName, disk.id, point.createdAt, format))
    const rival = images.some((image) => image.finalPath === finalPath)
    if (rival || (await look(finalPath)) !== null) throw targetExists(finalPath)
    const sourcePath = join(point.path, disk.file)
    const targetPath = join(directory, `.floe-${jobId}-${index}.partial`)
    const dataBytes = await dataBytesOf(sourcePath, ports.env)
    images.push({ pointId, disk, sourcePath, targetPath, finalPath, format, like: null, dataBytes })
  }
  const needed = images.reduce((sum, image) => sum + spaceFor(image.dataBytes, image.disk.virtualSize), 0)
  const free = await freeBytesAt(directory)
  if (free < needed) throw noSpace(directory, needed, free)
  return { point, directory, images }
}

/** @throws FloeError whatever went wrong; nothing is left in the folder then */
export async function runNewImages(
  context: RestoreContext,
  job: Job,
  request: { pointId: PointId; directory: string; format: 'qcow2' | 'raw' },
  signal: AbortSignal,
): Promise<void> {
  const { board, journal, repository, step } = context
  using _pin = repository.pinWhileReading(request.pointId)
  board.update(job.id, {
    state: { kind: 'preparing', step: 'Looking at the restore point and the folder' },
    phases: phasesAt('prepared', 'Saved'),
  })
  const plan = await planNewImages(context, request.pointId, request.directory, request.format, job.id)
  if (signal.aborted) throw cancelled(job.machineName)
  const temporaryPaths = plan.images.map((image) => image.targetPath)
  await journal.writeNewImage({ jobId: job.id, machineName: job.machineName, temporaryPaths })
  try {
    await buildAll(context, job, plan, signal)
    board.update(job.id, {
      canCancel: false,
      state: { kind: 'finishing', step: 'Naming the images' },
      phases: phasesAt('recorded', 'Saved'),
    })
    if (signal.aborted) throw cancelled(job.machineName)
    await nameAll(plan, step)
  } finally {
    await removeFiles(temporaryPaths)
    await journal.removeNewImage(job.id)
  }
  board.update(job.id, {
    phases: phasesAt(null, 'Saved'),
    result: {
      pointId: request.pointId,
      restoreId: null,
      images: plan.images.map((image) => ({ disk: image.disk.id, path: image.finalPath })),
      ok: true,
      bytes: plan.images.reduce((sum, image) => sum + image.dataBytes, 0),
    },
  })
}

async function buildAll(context: RestoreContext, job: Job, plan: NewImagePlan, signal: AbortSignal): Promise<void> {
  const { board, ports, repository, step } = context
  const { env } = ports
  const report = new CopyReport(
    board,
    ports.clock,
    job.id,
    plan.images.map(({ disk, dataBytes }) => ({
      diskId: disk.id,
      name: disk.file,
      dataBytes,
      virtualSize: disk.virtualSize,
    })),
  )
  const needed = plan.images.reduce((sum, image) => sum + spaceFor(image.dataBytes, image.disk.virtualSize), 0)
  const about = { machineName: job.machineName, folder: plan.directory, neededBytes: needed, signal }
  try {
    board.update(job.id, { state: { kind: 'copying' }, phases: phasesAt('copying', 'Saved') })
    for (const [index, image] of plan.images.entries()) {
      step(`build-${index}`)
      report.copied(index, 0)
      await copyOut(image, { env, signal, onProgress: (fraction) => report.copied(index, fraction) })
      report.copied(index, 1)
    }
    board.update(job.id, { state: { kind: 'checking' }, phases: phasesAt('checking', 'Saved') })
    for (const image of plan.images) {
      await checkBuilt(image, repository, { env, signal, onProgress: (bytes) => report.checked(bytes) })
      report.diskChecked(image.disk.virtualSize)
      await dress(image)
    }
  } catch (error) {
    throw await buildFailure(error, about)
  }
}

/** All images get their names, or none does. */
async function nameAll(plan: NewImagePlan, step: RestoreContext['step']): Promise<void> {
  const named: string[] = []
  try {
    for (const { targetPath, finalPath } of plan.images) {
      step('name')
      await nameWithoutOverwriting(targetPath, finalPath)
      named.push(finalPath)
    }
    await syncFolder(plan.directory)
  } catch (error) {
    await removeFiles(named)
    throw error
  }
}

async function nameWithoutOverwriting(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || (await look(to)) !== null) throw targetExists(to)
    await rename(from, to)
  }
}

async function assertFolder(directory: string): Promise<void> {
  const stats = await stat(directory).catch(() => null)
  if (!stats?.isDirectory()) {
    const what = stats === null ? 'does not exist' : 'is not a folder'
    throw new FloeError('restore/target-not-a-folder', `"${directory}" ${what}.`, {
      params: { path: directory },
      remedy: 'Choose a folder that exists.',
    })
  }
  await access(directory, constants.W_OK | constants.X_OK).catch((error) => {
    throw new FloeError('restore/not-writable', `Floe may not write in "${directory}".`, {
      params: { path: directory, folder: directory },
      remedy: 'Choose a folder that you may write to.',
      cause: error,
    })
  })
}

function targetExists(path: string): FloeError {
  return new FloeError('restore/target-exists', `"${path}" exists already and was not touched.`, {
    params: { path },
    remedy: 'Choose another folder, or move that file away.',
  })
}
