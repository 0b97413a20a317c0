// What a swap would do and what stands against it, as rows for people and as errors for the click. Pre-flight only
// looks; it holds nothing, so the swap looks again itself.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point, PointDisk } from '../../../shared/domain/point.ts'
import type { Preflight } from '../../../shared/domain/restore.ts'
import { FloeError } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'
import { dataBytesOf, spaceFor } from './build.ts'
import { blocked, type Finding, fine, warning } from './finding.ts'
import { inspectImage } from './image-checks.ts'
import { checkNotShared, checkOff, checkSpace } from './life-checks.ts'
import { matchDisks } from './match.ts'
import { undoPathOf } from './names.ts'
import { onlyInUndoCopy } from './only-in-undo.ts'
import type { Look } from './stamp.ts'
import { imageIsStored, storeOf } from './store-checks.ts'
import { bytesInWords, countInWords, listInWords, momentInWords } from './words.ts'

/** One disk of a swap, as it stands right now. */
export interface PlannedDisk {
  readonly disk: PointDisk
  readonly sourcePath: string
  readonly imagePath: string
  readonly undoPath: string
  readonly format: 'qcow2' | 'raw'
  readonly stats: Look | null
  readonly dataBytes: number
}

export interface SwapPlan {
  readonly point: Point
  readonly machine: Machine | null
  readonly disks: readonly PlannedDisk[]
  readonly findings: readonly Finding[]
  readonly neededBytes: number
}

export interface PreflightDeps {
  readonly ports: Ports
  readonly machines: MachineService
  readonly repository: Repository
  /** Was the image put there by a restore and not written to since? */
  readonly isAsRestored: (imagePath: string, stats: Look) => boolean
}

/** Looks at everything. @throws FloeError `point/unknown` */
export async function planSwap(deps: PreflightDeps, pointId: PointId): Promise<SwapPlan> {
  const { point, finding: readable } = await checkPoint(deps.repository, pointId)
  const machine = deps.machines.list().find((one) => one.id === point.machineId) ?? null
  if (machine === null) {
    const error = new FloeError('machine/unknown', `Floe does not know the machine ${point.machineName} any more.`, {
      params: { machine: point.machineName },
      remedy: 'Restore to a new image, or add the machine again.',
    })
    const finding = blocked('images', 'The machine is not known', error, 'restore-to-new-image')
    return { point, machine, disks: [], findings: [finding, readable], neededBytes: 0 }
  }
  const { disks, finding: images } = await planDisks(deps, point, machine, readable.error === null)
  const paths = disks.map((disk) => disk.imagePath)
  const needs = disks.map((one) => ({ path: one.imagePath, bytes: spaceFor(one.dataBytes, one.disk.virtualSize) }))
  const findings = [
    await checkOff(deps.machines, machine, paths),
    images,
    await checkNotShared(deps.machines, machine, paths),
    ...(images.error === null ? [await checkSpace(needs)] : []),
    readable,
    checkUnsaved(deps, machine, disks),
    await undoRow(disks, deps.ports),
  ]
  return { point, machine, disks, findings, neededBytes: needs.reduce((sum, need) => sum + need.bytes, 0) }
}

/** The plan as the restore sheet shows it. */
export function preflightOf(plan: SwapPlan): Preflight {
  return {
    ok: plan.findings.every((finding) => finding.error === null),
    checks: plan.findings.map((finding) => finding.row),
    disks: plan.disks.map(({ disk, imagePath, undoPath, stats }) => ({
      diskId: disk.id,
      imagePath,
      undoPath,
      imageSize: stats === null ? null : stats.blocks * 512,
      changedAt: stats === null ? null : stats.mtime.toISOString(),
    })),
    neededBytes: plan.neededBytes,
  }
}

async function checkPoint(repository: Repository, id: PointId): Promise<{ point: Point; finding: Finding }> {
  let point = repository.point(id)
  const failed = point.verification !== null && !point.verification.ok ? point.verification.damage[0] : undefined
  try {
    point = await repository.assertReadable(id)
    if (failed !== undefined) {
      throw new FloeError('point/damaged', `This restore point is damaged: ${failed.text}`, {
        params: { file: failed.file, disk: failed.diskId, offset: failed.offset },
        remedy: 'Select another restore point.',
      })
    }
  } catch (error) {
    if (!(error instanceof FloeError)) throw error
    return { point, finding: blocked('point-readable', 'This point can’t be restored', error) }
  }
  const unchecked = point.disks.filter((disk) => disk.contentRoot === null)
  if (unchecked.length > 0) {
    const text = `Its content was never read back, so a fault on the drive would not be noticed. Verify it first to be sure.`
    return { point, finding: warning('point-readable', 'Restore point was not checked', text) }
  }
  const text = `${countInWords(point.disks.length, 'disk')}; the restored content is compared with its checksums before anything is swapped.`
  return { point, finding: fine('point-readable', 'Restore point is readable', text) }
}

async function planDisks(
  deps: PreflightDeps,
  point: Point,
  machine: Machine,
  readable: boolean,
): Promise<{ disks: PlannedDisk[]; finding: Finding }> {
  const now = deps.ports.clock.now()
  const disks: PlannedDisk[] = []
  const errors: FloeError[] = []
  const undoPaths = new Set<string>()
  for (const match of matchDisks(point.disks, machine.disks)) {
    if (match.kind === 'none') {
      const remedy = 'Restore to a new image, then attach it to the machine yourself.'
      errors.push(new FloeError('restore/image-missing', match.text, { params: { disk: match.disk.id }, remedy }))
      continue
    }
    const { disk, imagePath, format } = match
    const exactSize = disk.firmware && format === 'raw' ? disk.virtualSize : null
    const { stats, error } = await inspectImage(imagePath, { format, exactSize })
    if (error !== null) errors.push(error)
    const store = await storeOf(imagePath, deps.repository)
    if (store !== null) errors.push(imageIsStored(imagePath, store))
    const undoPath = undoPathOf(imagePath, now, (path) => undoPaths.has(path) || existsSync(path))
    undoPaths.add(undoPath)
    const sourcePath = join(point.path, disk.file)
    const dataBytes = readable ? await dataBytesOf(sourcePath, deps.ports.env).catch(() => disk.virtualSize) : 0
    disks.push({ disk, sourcePath, imagePath, undoPath, format, stats, dataBytes })
  }
  const first = errors[0]
  if (first !== undefined) {
    const title = errors.length === 1 ? 'An image can’t be swapped' : `${errors.length} images can’t be swapped`
    const finding = blocked('images', title, first, 'restore-to-new-image')
    const detail = errors.map((error) => error.message).join(' ')
    return { disks, finding: { ...finding, row: { ...finding.row, detail } } }
  }
  const kept = machine.disks.filter(
    (one) => one.exclusion === null && !disks.some((planned) => planned.imagePath === one.imagePath),
  )
  if (kept.length > 0) {
    const names = listInWords(kept.map((one) => one.id))
    return {
      disks,
      finding: warning('images', 'Not every disk is in this restore point', `${names} will stay as now.`),
    }
  }
  const names = listInWords(disks.map((one) => one.imagePath))
  return { disks, finding: fine('images', 'Images are where they were', names) }
}

/** Was there writing since the newest point? Without change tracking only the file's time tells (a later issue counts). */
function checkUnsaved(deps: PreflightDeps, machine: Machine, disks: readonly PlannedDisk[]): Finding {
  // A damaged point keeps nothing safe, and one without a disk keeps nothing of that disk.
  const good = deps.repository
    .points(machine.id)
    .filter((point) => point.unreadable === null && point.verification?.ok !== false)
  const newestOf = (id: string) =>
    good
      .filter((point) => point.disks.some((disk) => disk.id === id))
      .reduce((latest, point) => (point.createdAt > latest ? point.createdAt : latest), '')
  const changed = disks.filter(
    ({ disk, stats, imagePath }) =>
      stats !== null && stats.mtime.toISOString() > newestOf(disk.id) && !deps.isAsRestored(imagePath, stats),
  )
  const newest = changed.map(({ disk }) => newestOf(disk.id)).sort()[0] ?? ''
  if (changed.length === 0) {
    return fine('unsaved-changes', 'Everything is in a backup', 'Nothing was written since the newest restore point.')
  }
  const most = changed.reduce((sum, { stats }) => sum + (stats?.blocks ?? 0) * 512, 0)
  const since = newest === '' ? 'There is no backup yet' : `Written to since ${momentInWords(newest)}`
  const detail = `${since}: ${listInWords(changed.map((one) => one.imagePath))}. At most ${bytesInWords(most)} is in no backup and stays in the undo copy only.`
  return warning('unsaved-changes', 'The newest changes are in no backup', detail, 'back-up-first')
}

async function undoRow(disks: readonly PlannedDisk[], { env }: Ports): Promise<Finding> {
  const bytes = disks.reduce((sum, { stats }) => sum + (stats?.blocks ?? 0) * 512, 0)
  const detail = `${bytesInWords(bytes)} beside the images, until you delete it.`
  const special: string[] = []
  for (const disk of disks) special.push(...(await onlyInUndoCopy(disk, env)))
  if (special.length > 0) {
    return warning('undo-copy', 'Some things stay in the undo copy only', `${special.join(' ')} ${detail}`)
  }
  return fine('undo-copy', 'The images of now are kept as the undo copy', detail)
}
