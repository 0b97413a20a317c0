// What an export must not forget when Floe dies: one JSON file per export, on the disk before anything is made inside
// QEMU. It never changes; while it lies there, something of the export may be left.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DiskId, JobId, MachineId } from '../../../shared/domain/ids.ts'
import { homeUnwritable, readJson, writeJson } from '../home/json-file.ts'
import { syncFolder } from '../ports/sync-folder.ts'

const version = 1

const ExportedDisk = z.object({
  id: DiskId,
  device: z.string(),
  rootNode: z.string(),
  filterNode: z.string(),
  scratchNode: z.string(),
  scratchPath: z.string(),
  snapshotNode: z.string(),
  sizeGuardNode: z.string(),
  virtualSize: z.number(),
  /** Id of the NBD export inside QEMU. */
  exportId: z.string(),
})
export type ExportedDisk = z.infer<typeof ExportedDisk>

export const ExportRecord = z.object({
  jobId: JobId,
  machineId: MachineId,
  machineName: z.string(),
  /** The QEMU that serves the export; null when unknown. */
  pid: z.number().nullable(),
  createdAt: z.string(),
  /** A private folder with nothing but the sockets in it. */
  socketFolder: z.string(),
  /** QEMU's NBD server. */
  socketPath: z.string(),
  /** Floe's own one in front of it (readers.ts); null where readers connect to QEMU. */
  readerSocketPath: z.string().nullable().default(null),
  disks: z.array(ExportedDisk),
  /** What must be set back so that QEMU ends with its guest again (machines/shutdown-safe.ts); null when nothing was set. */
  hold: z.object({ panicEnds: z.boolean() }).nullable(),
})
export type ExportRecord = z.infer<typeof ExportRecord>

const pathOf = (dir: string, jobId: string): string => join(dir, `${jobId}.json`)

/** On the disk when it resolves. @throws FloeError `system/home-unwritable` */
export const writeRecord = (dir: string, record: ExportRecord): Promise<void> =>
  writeJson(pathOf(dir, record.jobId), version, record)

/** Nothing of the export is left. */
export async function removeRecord(dir: string, jobId: JobId): Promise<void> {
  await rm(pathOf(dir, jobId), { force: true })
  await syncFolder(dir)
}

/** What earlier runs left. A damaged record is set aside; `damaged` says so, a sentence each. */
export async function readRecords(
  dir: string,
): Promise<{ readonly records: readonly ExportRecord[]; readonly damaged: readonly string[] }> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw homeUnwritable(dir, error)
  })
  const records: ExportRecord[] = []
  const damaged: string[] = []
  for (const name of names.filter((candidate) => /^[a-z0-9]{12}\.json$/.test(candidate)).sort()) {
    const read = await readJson(join(dir, name), version, ExportRecord)
    if (read.kind === 'ok') records.push(read.value)
    else if (read.kind === 'damaged') damaged.push(read.text)
  }
  return { records, damaged }
}
