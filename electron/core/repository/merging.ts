// Deleting points that others need: their data moves into the first points that stay. Each such point gets its new files
// built beside the old ones, a note of what takes whose place (merge-file.ts), and then the swap. Only when all of them
// are done may anything be deleted; a crash at any step leaves every point readable, and `settleMerge` ends it later.
import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { type Extents, union } from '../extents/extents.ts'
import type { Ports } from '../ports/index.ts'
import { isRunning } from '../ports/is-running.ts'
import { backingName } from './backing.ts'
import { encodeCopied } from './copied-file.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import { type Manifest, readManifest, writeManifest } from './manifest.ts'
import { asMerged, type MergeIntent, readMerge, writeMerge } from './merge-file.ts'
import type { PlannedDisk, PlannedPoint } from './merge-plan.ts'
import { buildMerged, type Layers, layersOf } from './merged-image.ts'
import { copiedFile, mergeFile, restoreTextFile } from './names.ts'
import { plainFileSize } from './plain-file.ts'
import { imageFileDamage, loadCopied } from './point-files.ts'
import { restoreText } from './restore-text.ts'
import { foreignPart } from './standing-alone.ts'

export interface MergeWork {
  readonly ports: Pick<Ports, 'env' | 'logger'>
  readonly signal: AbortSignal
  /** Folder and manifest of every readable point of the machine on the destination. */
  readonly points: ReadonlyMap<PointId, { readonly folder: string; readonly manifest: Manifest }>
  /** Told before each step that a crash could follow. */
  readonly step: (name: string) => void
}

/** Bytes on the disk that a merge needs while it runs, and keeps afterwards. */
export interface MergeNeed {
  readonly atOnce: number
  readonly kept: number
  readonly largestFile: number
}

/** Folders in which this process is at work: nobody settles those. */
const atWork = new Set<string>()

const folderOf = ({ points }: MergeWork, id: PointId) => points.get(id)?.folder ?? ''

const isMoved = ({ merged }: PlannedDisk) => merged.length > 0

/**
 * An image that is not what its manifest says is not opened: it could lead to any file of this computer.
 * @throws an Error that says what is wrong; FloeError `system/*`
 */
async function assertAsDescribed({ ports, signal }: MergeWork, folder: string, { disk }: PlannedDisk): Promise<void> {
  const damage = (await imageFileDamage(folder, disk)) ?? (await foreignPart(folder, disk, { env: ports.env, signal }))
  if (damage) throw new Error(damage.text)
}

/** Looks what merging one point takes. @throws FloeError `system/*`; an Error for an image that is not what it should be */
export async function measureMerge(work: MergeWork, planned: PlannedPoint): Promise<MergeNeed> {
  let [atOnce, kept, largestFile] = [0, 0, 0]
  const folder = folderOf(work, planned.id)
  for (const each of planned.disks.filter(isMoved)) {
    await assertAsDescribed(work, folder, each)
    const { disk, merged } = each
    const { moves } = await layersOf(work.ports, join(folder, disk.file), merged.length)
    const whole = disk.fileSize + withTables(moves)
    atOnce += whole
    kept += withTables(moves)
    largestFile = Math.max(largestFile, whole)
  }
  return { atOnce, kept, largestFile }
}

/** Clusters that are partly covered, and the tables that find them. */
const withTables = (bytes: number) => Math.ceil(bytes * 1.01) + (1 << 20)

/**
 * Makes one point independent of its deleted forebears, wholly or not at all.
 * @throws FloeError `system/*`, the system's error, or an Error that says what is wrong with what was built
 */
export async function mergePoint(work: MergeWork, planned: PlannedPoint, inherited: number): Promise<void> {
  const folder = folderOf(work, planned.id)
  atWork.add(folder)
  try {
    await readyIntent(work, planned, inherited).then(
      (intent) => {
        work.step('swap')
        return finishMerge(folder, intent, work.step)
      },
      async (error: unknown) => {
        await settle(folder, work.ports, true).catch((cause: unknown) => {
          work.ports.logger.warn('What a merge left behind could not be removed', { folder, error: String(cause) })
        })
        throw error
      },
    )
  } finally {
    atWork.delete(folder)
  }
}

/** Builds everything; the intent that is answered is complete and on the disk. */
async function readyIntent(work: MergeWork, planned: PlannedPoint, inherited: number): Promise<MergeIntent> {
  const folder = folderOf(work, planned.id)
  const manifest = work.points.get(planned.id)?.manifest as Manifest
  const copied = new Map<string, { extents: Extents; granularity: number } | null>()
  for (const disk of planned.disks) {
    if (disk.forebears.length > 0) copied.set(disk.disk.id, await unitedCopies(work, planned.id, disk))
  }
  const stagedFor = (file: string) => ({
    file,
    staged: `${file.replace(/\.qcow2$/, '')}.merging-${randomBytes(6).toString('hex')}`,
    size: null as number | null,
  })
  const images = planned.disks.filter(isMoved).map((disk) => ({ disk, swap: stagedFor(disk.disk.file) }))
  const lists = [...copied].flatMap(([id, list]) => {
    const disk = planned.disks.find((candidate) => candidate.disk.id === id)?.disk
    return disk && list ? [{ disk, list, swap: stagedFor(disk.copiedFile ?? copiedFile(disk.id)) }] : []
  })
  const change: MergeIntent['change'] = {
    parentId: planned.parentId,
    ownBytes: manifest.ownBytes,
    disks: planned.disks.map(({ disk, parentId, backing, base }) => ({
      id: disk.id,
      parentId,
      backing,
      base,
      copiedFile: copied.has(disk.id)
        ? (lists.find((list) => list.disk.id === disk.id)?.swap.file ?? null)
        : disk.copiedFile,
    })),
  }
  const intent: MergeIntent = {
    pointId: planned.id,
    owner: { host: hostname(), pid: process.pid },
    stage: 'building',
    swaps: [...images, ...lists].map(({ swap }) => swap),
    change,
  }
  work.step('note')
  await writeMerge(folder, intent)
  let grown = 0
  for (const { disk, swap } of images) {
    work.step(`build ${disk.disk.file}`)
    await assertAsDescribed(work, folder, disk)
    const layers: Layers = await layersOf(work.ports, join(folder, disk.disk.file), disk.merged.length)
    const backingFile = disk.backing && backingName(folderOf(work, disk.backing.pointId), disk.backing.file)
    const image = { folder, file: disk.disk.file, staged: swap.staged, merged: disk.merged.length, backingFile }
    swap.size = await buildMerged(work.ports, image, layers, work.signal)
    grown += (await occupied(join(folder, swap.staged))) - (await occupied(join(folder, disk.disk.file)))
  }
  for (const { disk, list, swap } of lists) {
    const path = join(folder, swap.staged)
    await writeDurably(path, encodeCopied({ virtualSize: disk.virtualSize, ...list }))
    swap.size = (await stat(path)).size
  }
  work.signal.throwIfAborted()
  await syncFolder(folder)
  const ownBytes = manifest.ownBytes === null ? null : Math.max(0, manifest.ownBytes + grown + inherited)
  const ready: MergeIntent = { ...intent, stage: 'swapping', change: { ...change, ownBytes } }
  work.step('ready')
  await writeMerge(folder, ready)
  return ready
}

const occupied = async (path: string): Promise<number> => (await lstat(path)).blocks * 512

/** What the point and its deleted forebears copied; null when nobody knows that of one of them. */
async function unitedCopies(work: MergeWork, id: PointId, { disk, forebears }: PlannedDisk) {
  let united: Extents = []
  let granularity = 0
  for (const pointId of [id, ...forebears]) {
    const point = work.points.get(pointId)
    const held = point?.manifest.disks.find((candidate) => candidate.id === disk.id)
    if (!point || !held?.copiedFile) return null
    const loaded = await loadCopied(point.folder, held, held.copiedFile)
    if (loaded.kind === 'damage') return null
    united = union(united, loaded.extents)
    if (pointId === id) granularity = loaded.granularity
  }
  return { extents: united, granularity }
}

/**
 * Puts everything in place. May be done again, by anybody, from any step on.
 * @throws an Error when what lies there in the end is not what was built, or the manifest cannot be trusted
 */
async function finishMerge(folder: string, intent: MergeIntent, step: MergeWork['step']): Promise<void> {
  for (const { file, staged } of intent.swaps) {
    step(`place ${file}`)
    await rename(join(folder, staged), join(folder, file)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }
  await syncFolder(folder)
  for (const { file, size } of intent.swaps) {
    const found = await plainFileSize(join(folder, file))
    if (size === null || found !== size) throw new Error(`"${file}" has ${found ?? 'no'} bytes instead of ${size}.`)
  }
  const reading = await readManifest(folder)
  if (reading.kind !== 'sound') throw new Error('Its manifest.json cannot be trusted.')
  step('manifest')
  const merged = asMerged(reading.raw, intent)
  await writeManifest(folder, merged)
  step('steps')
  const now = await readManifest(folder)
  if (now.kind !== 'sound') throw new Error('Its manifest.json cannot be trusted.')
  await writeDurably(join(folder, restoreTextFile), restoreText(now.manifest))
  const needed = new Set(now.manifest.disks.map((disk) => disk.copiedFile))
  for (const { copiedFile: list } of reading.manifest.disks) {
    if (list !== null && !needed.has(list)) await rm(join(folder, list), { force: true })
  }
  step('forget')
  await forget(folder)
}

async function forget(folder: string): Promise<void> {
  await unlink(join(folder, mergeFile)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  await syncFolder(folder)
}

/** What another computer has not touched for this long is left over. Milliseconds. */
const foreignGrace = 7 * 24 * 3600 * 1000

/** May somebody else still be at work in the folder? */
async function mayBeAtWork({ owner }: MergeIntent, folder: string): Promise<boolean> {
  if (owner.host === hostname()) return owner.pid !== process.pid && isRunning(owner.pid)
  let newest = 0
  for (const name of await readdir(folder)) newest = Math.max(newest, (await lstat(join(folder, name))).mtimeMs)
  return Date.now() - newest < foreignGrace
}

/**
 * Ends a merge that was cut short in a point's folder: goes on when everything was built, else removes what was. Answers
 * false when somebody may still be at it.
 */
export async function settleMerge(folder: string, ports: Pick<Ports, 'logger'>): Promise<boolean> {
  return settle(folder, ports, false)
}

async function settle(folder: string, ports: Pick<Ports, 'logger'>, ours: boolean): Promise<boolean> {
  const reading = await readMerge(folder)
  if (reading.kind === 'none') return true
  if (reading.kind === 'unclear' || (!ours && (atWork.has(folder) || (await mayBeAtWork(reading.intent, folder))))) {
    return false
  }
  const { intent } = reading
  if (intent.stage === 'swapping') await finishMerge(folder, intent, () => {})
  else {
    for (const { staged } of intent.swaps) await rm(join(folder, staged), { force: true })
    await forget(folder)
  }
  ports.logger.info('A merge of restore points that was cut short was settled', { folder, stage: intent.stage })
  return true
}
