import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import { BackupKind } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { isRunning } from '../ports/is-running.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import * as names from './names.ts'
import { assertOwnFolder, foldersIn, readPlainText } from './plain-file.ts'
import { seal } from './sealed-json.ts'
import type { NewPoint, PartialPoint } from './types.ts'

/** `owner.json` of a partial folder: whose it is, and what it is to become. */
const Owner = z.object({
  homeId: z.string(),
  host: z.string(),
  pid: z.number().int(),
  destinationId: DestinationId,
  jobId: JobId,
  point: z.object({
    id: PointId,
    machineId: MachineId,
    machineName: z.string(),
    kind: BackupKind,
    parentId: PointId.nullable(),
    jobId: JobId,
    disks: z.array(z.object({ id: DiskId, virtualSize: z.number(), parentId: PointId.nullable().default(null) })),
  }),
  /** How each disk's image was begun; none for one that the backup made itself. */
  images: z
    .array(z.object({ id: DiskId, kind: z.enum(['empty', 'clone', 'overlay']), parentId: PointId.nullable() }))
    .default([]),
})
export type Owner = z.infer<typeof Owner>
export type BegunImage = Owner['images'][number]

export function partialIn(folder: string, pointId: PointId): PartialPoint {
  return { pointId, folder, imagePath: (diskId) => join(folder, names.imageFile(diskId)) }
}

/** Who may touch a partial folder; null when nobody says. */
export async function readOwner(folder: string): Promise<Owner | null> {
  const text = await readPlainText(join(folder, names.ownerFile)).catch(() => null)
  if (text === null) return null
  try {
    const parsed = Owner.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Notes how a disk's image is begun, before it is. The caller sees to it that one image is noted at a time. */
export async function noteImage(folder: string, owner: Owner, image: BegunImage): Promise<void> {
  const images = [...owner.images.filter(({ id }) => id !== image.id), image]
  await writeOwner(folder, { ...owner, images })
}

async function writeOwner(folder: string, owner: Owner): Promise<void> {
  await writeDurably(join(folder, names.ownerFile), `${JSON.stringify(owner, null, 2)}\n`)
}

/** Points whose images those of a partial point start from. */
export function parentsOf(owner: Pick<Owner, 'point' | 'images'>): readonly PointId[] {
  const named = [...owner.point.disks, ...owner.images].map(({ parentId }) => parentId)
  return [...new Set(named.filter((parentId) => parentId !== null))]
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await assertOwnFolder(path)
}

/** The folder of a machine in a destination, made when it is missing. Its name keeps the machine's first name. */
async function machineFolderIn(destination: string, point: NewPoint): Promise<string> {
  const root = join(destination, names.machinesFolder)
  // Not recursive: a destination that just went away must not come into being as a folder of the system's own disk.
  await makeFolder(root)
  const existing = (await readdir(root)).sort().find((name) => names.machineOfFolder(name) === point.machineId)
  const folder = join(root, existing ?? names.machineFolder(point.machineName, point.machineId))
  await makeFolder(folder)
  const file = join(folder, names.machineFile)
  const text = seal({ format: 'floe-machine', version: 1, id: point.machineId, name: point.machineName })
  if ((await readPlainText(file).catch(() => null)) !== text) await writeDurably(file, text)
  await syncFolder(root)
  return folder
}

/** Makes the partial folder of a new point. It appears with its owner in it, so that nobody takes it for abandoned. */
export async function makePartial(
  destination: { readonly id: DestinationId; readonly path: string },
  homeId: string,
  point: NewPoint,
): Promise<PartialPoint> {
  const files = new Set(point.disks.map((disk) => names.imageFile(disk.id)))
  if (files.size !== point.disks.length) {
    throw new FloeError('system/unexpected', 'Two disks of the machine would share one file name.')
  }
  const machine = await machineFolderIn(destination.path, point)
  const beginning = join(machine, `${names.beginningPrefix}${point.id}`)
  const folder = join(machine, `${names.partialPrefix}${point.id}`)
  const owner: Owner = {
    homeId,
    host: hostname(),
    pid: process.pid,
    destinationId: destination.id,
    jobId: point.jobId,
    point: { ...point, disks: point.disks.map((disk) => ({ ...disk, parentId: disk.parentId ?? null })) },
    images: [],
  }
  await mkdir(beginning, { recursive: true })
  await writeOwner(beginning, owner)
  await rename(beginning, folder)
  await syncFolder(machine)
  return partialIn(folder, point.id)
}

/** Hidden folders of a destination's machines, named `prefix` and the rest of a point's id. Links are left out. */
export async function hiddenFolders(destination: string, prefix: string): Promise<string[]> {
  const root = join(destination, names.machinesFolder)
  const found: string[] = []
  for (const machine of await foldersIn(root).catch(() => [])) {
    if (names.machineOfFolder(machine) === null) continue
    for (const name of await foldersIn(join(root, machine)).catch(() => [])) {
      if (name.startsWith(prefix) && names.isHiddenFolder(name)) found.push(join(root, machine, name))
    }
  }
  return found
}

/** An unfinished point that another computer with a copy of this home wrote to this long ago is left over. */
const foreignGrace = 7 * 24 * 3600 * 1000

/**
 * May another process still be writing this point? The same home may live on two computers (a migrated Mac), and a Floe
 * that is not ours may run on a copy of it.
 */
export async function mayBeAlive(owner: Owner, folder: string): Promise<boolean> {
  if (owner.host === hostname()) return owner.pid !== process.pid && isRunning(owner.pid)
  let newest = 0
  for (const name of await readdir(folder)) newest = Math.max(newest, (await lstat(join(folder, name))).mtimeMs)
  return Date.now() - newest < foreignGrace
}

/** Bytes a folder's files occupy on their file system. */
export async function occupiedBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await lstat(join(folder, name))).blocks * 512
  return bytes
}

/**
 * Removes a partial folder that this home owns; true when it was there.
 * @throws FloeError `destination/in-use` for a folder of another Floe
 */
export async function removePartial(folder: string, homeId: string): Promise<boolean> {
  const name = basename(folder)
  if (!name.startsWith(names.partialPrefix) && !name.startsWith(names.beginningPrefix)) {
    throw new FloeError('system/unexpected', `"${folder}" is not an unfinished restore point.`)
  }
  try {
    await assertOwnFolder(folder)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  const owner = await readOwner(folder)
  if (owner?.homeId !== homeId) {
    throw new FloeError('destination/in-use', `The unfinished restore point "${folder}" belongs to another Floe.`, {
      params: { path: folder, host: owner?.host ?? null },
      remedy: owner
        ? `Only the Floe on "${owner.host}" may remove it.`
        : 'Remove the folder by hand if nothing writes to it.',
    })
  }
  // The owner goes last: a removal that is cut short can be taken up again.
  for (const entry of await readdir(folder)) {
    if (entry !== names.ownerFile) await rm(join(folder, entry), { recursive: true, force: true })
  }
  await rm(folder, { recursive: true, force: true })
  await syncFolder(dirname(folder))
  return true
}
