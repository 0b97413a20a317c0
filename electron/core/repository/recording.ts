import { readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DiskId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import { type Manifest, manifestFormat, manifestVersion, readManifest, writeManifest } from './manifest.ts'
import { ownerFile, pointFolder, restoreTextFile } from './names.ts'
import { type Owner, readOwner } from './partials.ts'
import { restoreText } from './restore-text.ts'
import { type SettledImage, settleImage } from './settling.ts'
import type { PartialPoint, PointFacts } from './types.ts'

/** The data is complete; only the record is missing (ux.md V2). */
export function notRecorded(partial: PartialPoint, why: string, cause?: unknown): FloeError {
  return new FloeError(
    'backup/not-recorded',
    `The data was copied, but the restore point could not be recorded: ${why}`,
    {
      params: { folder: partial.folder, reason: why },
      remedy: 'The copied data is still there. Check the destination and record the point again.',
      cause,
    },
  )
}

interface Recording {
  readonly storage: Manifest['storage']
  /** One more than the highest sequence number of the machine's points in this destination. */
  readonly sequence: number
  readonly recordedAt: string
}

/**
 * Turns a partial folder into a restore point: images synced, manifest written last, then the folder's final name.
 * May be called again after any failure or crash. Answers the final folder.
 * @throws FloeError `backup/not-recorded`, `backup/parent-lost`, `system/*`
 */
export async function recordPoint(
  ports: Pick<Ports, 'env' | 'logger'>,
  partial: PartialPoint,
  facts: PointFacts,
  recording: Recording,
): Promise<string> {
  const createdAt = new Date(facts.createdAt).toISOString()
  const folder = join(dirname(partial.folder), pointFolder(createdAt, partial.pointId))
  try {
    if (!(await exists(partial.folder))) {
      const reading = (await exists(folder)) ? await readManifest(folder) : null
      if (reading?.kind !== 'sound') throw notRecorded(partial, 'Its folder is gone.')
      await syncFolder(dirname(folder))
      return folder
    }
    const owner = await readOwner(partial.folder)
    if (!owner) throw notRecorded(partial, 'Its file owner.json is gone or damaged.')
    assertSameDisks(partial, facts, owner)
    await removeTorn(partial.folder)
    const manifest = await describePoint(ports, partial, { ...facts, createdAt }, recording, owner)
    await writeDurably(join(partial.folder, restoreTextFile), restoreText(manifest))
    await writeManifest(partial.folder, manifest)
    if (await exists(folder)) throw notRecorded(partial, 'A folder of its name is already there.')
    await rename(partial.folder, folder)
    await syncFolder(dirname(folder))
    await unlink(join(folder, ownerFile)).catch(() => {})
    return folder
  } catch (error) {
    if (error instanceof FloeError) throw error
    throw notRecorded(partial, error instanceof Error ? error.message : String(error), error)
  }
}

/** Files that a crash cut short before they got their names. */
async function removeTorn(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^\..+\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(folder, name), { force: true })
  }
}

function assertSameDisks(partial: PartialPoint, facts: PointFacts, owner: Owner): void {
  const list = (disks: readonly { readonly id: DiskId }[]) => JSON.stringify(disks.map((disk) => disk.id).sort())
  if (facts.disks.length > 0 && list(facts.disks) === list(owner.point.disks)) return
  throw notRecorded(partial, 'Its disks are not the ones that the backup began with.')
}

async function describePoint(
  ports: Pick<Ports, 'env' | 'logger'>,
  partial: PartialPoint,
  facts: PointFacts,
  recording: Recording,
  owner: Owner,
): Promise<Manifest> {
  const settled: SettledImage[] = []
  for (const disk of facts.disks) {
    const begun = owner.images.find(({ id }) => id === disk.id) ?? null
    settled.push(await settleImage(ports, partial, disk, begun))
  }
  const disks = settled.map(({ disk }) => disk)
  const { point } = owner
  return {
    format: manifestFormat,
    version: manifestVersion,
    id: point.id,
    machine: { id: point.machineId, name: point.machineName },
    createdAt: facts.createdAt,
    recordedAt: recording.recordedAt,
    sequence: recording.sequence,
    kind: point.kind,
    kindReason: facts.kindReason,
    parentId: point.parentId,
    consistency: facts.consistency,
    consistencyReason: facts.consistencyReason,
    storage: disks.some(({ backing }) => backing !== null) ? 'chain' : recording.storage,
    ownBytes: settled.reduce((sum, { ownBytes }) => sum + ownBytes, 0),
    way: facts.way,
    freeze: facts.freeze,
    pausedMs: facts.pausedMs,
    qemuVersion: facts.qemuVersion,
    startCommand: facts.startCommand,
    disks,
    files: settled.flatMap(({ files }) => files),
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
