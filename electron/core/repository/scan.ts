import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DestinationId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { BackupBasis, Point, Verification } from '../../../shared/domain/point.ts'
import { Linker, type ScannedPoint } from './linking.ts'
import { type Manifest, type ManifestDisk, type ManifestReading, readManifest } from './manifest.ts'
import {
  machineOfFolder,
  machinesFolder,
  manifestFile,
  mergeFile,
  pinnedFile,
  pointOfFolder,
  verificationFile,
} from './names.ts'
import { readPinned } from './pin-file.ts'
import { foldersIn, plainFileSize } from './plain-file.ts'
import { signatureOf } from './unchanged.ts'
import { readVerification } from './verification-file.ts'

/** A point as it lies on a destination. `sequence` and `storage` are not for people, so `Point` lacks them. */
export interface StoredPoint {
  readonly point: Point
  readonly sequence: number
  /** Points whose images this one's lie over. */
  readonly backedBy: readonly PointId[]
  readonly newer: boolean
}

interface Entry {
  readonly key: string
  /** By what its manifest says alone. */
  readonly sound: StoredPoint
  readonly backings: readonly ManifestDisk['backing'][]
}

const lanes = 16

async function signature(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch((): BigIntStats | null => null)
  return found ? signatureOf(found) : '-'
}

/**
 * Finds a destination's points by reading its manifests. A manifest is read again only when its file changed, so that
 * looking again at a thousand points costs a thousand `stat`s.
 */
export class PointScanner {
  #entries = new Map<string, Entry>()
  readonly #linker = new Linker()
  /** Manifests read since the start, for tests and the log. */
  manifestsRead = 0

  async scan(destination: { readonly id: DestinationId; readonly path: string }): Promise<StoredPoint[]> {
    const root = join(destination.path, machinesFolder)
    const folders: { path: string; name: string; machineId: string }[] = []
    for (const machine of await foldersIn(root)) {
      const machineId = machineOfFolder(machine)
      if (machineId === null) continue
      for (const name of await foldersIn(join(root, machine))) {
        if (pointOfFolder(name)) folders.push({ path: join(root, machine, name), name, machineId })
      }
    }
    const scanned: ScannedPoint[] = []
    const queue = folders.values()
    const work = async () => {
      for (const folder of queue) scanned.push(await this.#read(folder, destination.id))
    }
    await Promise.all(Array.from({ length: lanes }, work))
    const present = new Set(folders.map((folder) => folder.path))
    for (const path of this.#entries.keys()) {
      if (path.startsWith(`${root}/`) && !present.has(path)) this.#entries.delete(path)
    }
    return this.#linker.link(scanned).sort((a, b) => (a.point.path < b.point.path ? -1 : 1))
  }

  /** Changes when a point or machine appears or goes, not when something inside a point's folder does. */
  async glance(destination: { readonly path: string }): Promise<string> {
    const root = join(destination.path, machinesFolder)
    const machines = (await foldersIn(root)).filter((machine) => machineOfFolder(machine) !== null).sort()
    const signatures = await Promise.all(machines.map((machine) => signature(join(root, machine))))
    return [destination.path, ...signatures].join(' ')
  }

  async #read(
    folder: { path: string; name: string; machineId: string },
    destinationId: DestinationId,
  ): Promise<ScannedPoint> {
    const [manifest, verdict, pin, merge] = await Promise.all([
      signature(join(folder.path, manifestFile)),
      signature(join(folder.path, verificationFile)),
      signature(join(folder.path, pinnedFile)),
      signature(join(folder.path, mergeFile)),
    ])
    // While files are swapped there, the folder changes with each of them.
    const swapping = merge === '-' ? '' : `${merge} ${await signature(folder.path)}`
    const key = `${destinationId} ${manifest} ${verdict} ${pin} ${swapping}`
    const known = this.#entries.get(folder.path)
    if (known?.key === key) return withImages(folder.path, known)
    this.manifestsRead += 1
    const reading = await readManifest(folder.path).catch(
      (error: unknown): ManifestReading => ({
        kind: 'broken',
        reason: `It cannot be read: ${(error as Error).message}.`,
      }),
    )
    const verification = verdict === '-' ? null : await readVerification(folder.path)
    const described = describe(reading, verification, folder, destinationId)
    const pinned = pin !== '-' && (await readPinned(folder.path))
    const sound = { ...described, point: { ...described.point, pinned } }
    const backings = reading.kind === 'sound' ? reading.manifest.disks.map(({ backing }) => backing) : []
    const entry = { key, sound, backings }
    this.#entries.set(folder.path, entry)
    return withImages(folder.path, entry)
  }
}

/**
 * A point with what is missing of its images: one that somebody deleted or cut off. Whether the content is right only a
 * check tells.
 */
async function withImages(folder: string, { sound, backings }: Entry): Promise<ScannedPoint> {
  const images = sound.point.disks.map(async ({ file, fileSize }, number) => {
    const size = await plainFileSize(join(folder, file)).catch(() => null)
    const wrong = size === null ? 'is missing' : `has ${size} bytes instead of ${fileSize}`
    return { file, backing: backings[number] ?? null, lack: size === fileSize ? null : wrong }
  })
  return { sound, images: await Promise.all(images) }
}

const byCost: readonly BackupBasis[] = ['all', 'comparison', 'bitmap']

const costliest = (disks: readonly { readonly basis: BackupBasis }[]): BackupBasis =>
  byCost.find((basis) => disks.some((disk) => disk.basis === basis)) ?? 'all'

/** Bytes counted for a point. Its content indexes come after it was recorded. */
export function bytesOf({ files, ownBytes, disks }: Manifest): number {
  const total = (all: Manifest['files']) => all.reduce((sum, file) => sum + file.size, 0)
  if (ownBytes === null) return total(files)
  const indexes = new Set(disks.map(({ indexFile }) => indexFile))
  return ownBytes + total(files.filter(({ name }) => indexes.has(name)))
}

/** A stored point from what its manifest and its folder say. Whatever is wrong ends up in `unreadable`. */
export function describe(
  reading: ManifestReading,
  verification: Verification | null,
  folder: { readonly path: string; readonly name: string; readonly machineId: string },
  destinationId: DestinationId,
): StoredPoint {
  const named = pointOfFolder(folder.name)
  if (reading.kind === 'sound' && reading.manifest.id === named?.id) {
    const { manifest } = reading
    const complete = manifest.disks.every((disk) => disk.contentRoot !== null && disk.indexFile !== null)
    const point: Point = {
      id: manifest.id,
      machineId: manifest.machine.id,
      machineName: manifest.machine.name,
      destinationId,
      createdAt: manifest.createdAt,
      kind: manifest.kind,
      kindReason: manifest.kindReason,
      basis: costliest(manifest.disks),
      consistency: manifest.consistency,
      consistencyReason: manifest.consistencyReason,
      freeze: manifest.freeze,
      pausedMs: manifest.pausedMs,
      way: manifest.way,
      parentId: manifest.parentId,
      storage: manifest.storage,
      needs: [],
      path: folder.path,
      disks: manifest.disks.map((disk) => ({
        id: disk.id,
        file: disk.file,
        format: disk.format,
        virtualSize: disk.virtualSize,
        bytesCopied: disk.bytesCopied,
        fileSize: disk.fileSize,
        contentRoot: disk.contentRoot,
        sourcePath: disk.sourcePath,
        sourceFormat: disk.sourceFormat,
        firmware: disk.firmware,
        basis: disk.basis,
        basisReason: disk.basisReason,
        parentId: disk.parentId,
        bitmap: disk.bitmap,
        witness: disk.witness,
      })),
      adds: manifest.disks.reduce((sum, disk) => sum + disk.bytesCopied, 0),
      bytes: bytesOf(manifest),
      index: complete ? { kind: 'complete' } : { kind: 'none' },
      verification,
      pinned: false,
      qemuVersion: manifest.qemuVersion,
      available: true,
      unreadable: null,
    }
    const backedBy = manifest.disks.flatMap((disk) => (disk.backing ? [disk.backing.pointId] : []))
    return { point, sequence: manifest.sequence, backedBy, newer: false }
  }
  const unreadable =
    reading.kind === 'newer'
      ? `It was made by a newer Floe (format ${reading.version}). Update Floe to use it.`
      : `Its manifest.json cannot be trusted. ${reading.kind === 'broken' ? reading.reason : 'It belongs to another restore point.'}`
  const hints = reading.kind === 'newer' ? reading.raw : {}
  const machine = hints.machine as { name?: unknown } | null | undefined
  const point: Point = {
    id: PointId.parse(named?.id),
    machineId: MachineId.parse(folder.machineId),
    machineName: typeof machine?.name === 'string' ? machine.name : '',
    destinationId,
    createdAt: named?.createdAt ?? new Date(0).toISOString(),
    kind: 'full',
    kindReason: '',
    basis: 'all',
    consistency: 'crash-consistent',
    consistencyReason: null,
    freeze: null,
    pausedMs: null,
    way: 'push',
    parentId: null,
    storage: 'chain',
    needs: [],
    path: folder.path,
    disks: [],
    adds: 0,
    bytes: 0,
    index: { kind: 'none' },
    verification,
    pinned: false,
    qemuVersion: null,
    available: true,
    unreadable,
  }
  return { point, sequence: 0, backedBy: [], newer: reading.kind === 'newer' }
}
