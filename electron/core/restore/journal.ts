// One JSON file per swap, written (fsync, rename, fsync) before each step. While a swap runs it says what was meant to
// happen, so that the next start can finish or take back; afterwards it is the record of the restore and its undo copies.
import { readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { DiskId, JobId, MachineId, PointId, RestoreId } from '../../../shared/domain/ids.ts'
import { homeUnwritable, readJson, writeJson } from '../home/json-file.ts'
import type { Logger } from '../ports/index.ts'
import { syncFolder } from '../ports/sync-folder.ts'
import { Stamp } from './stamp.ts'

export const JournalDisk = z.object({
  diskId: DiskId,
  imagePath: z.string(),
  /** Where the incoming image waits: built there for a restore; an undo copy for an undo. */
  incomingPath: z.string(),
  /** Where the image of now is kept. */
  undoPath: z.string(),
  /** The image of now; known from `swapping` on. */
  old: Stamp.nullable(),
  /** Space the image of now takes up: what the undo copy will cost. */
  oldBytes: z.number(),
  /** The incoming image; known from `swapping` on. */
  incoming: Stamp.nullable(),
})
export type JournalDisk = z.infer<typeof JournalDisk>

export const RestoreRecord = z.object({
  id: RestoreId,
  jobId: JobId,
  machineId: MachineId,
  machineName: z.string(),
  pointId: PointId.nullable(),
  undoes: RestoreId.nullable(),
  createdAt: z.string(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('building') }),
    z.object({ kind: z.literal('swapping') }),
    z.object({ kind: z.literal('done') }),
    z.object({ kind: z.literal('undone'), by: RestoreId }),
    z.object({ kind: z.literal('rolled-back'), text: z.string() }),
    z.object({ kind: z.literal('stuck'), text: z.string() }),
  ]),
  disks: z.array(JournalDisk),
})
export type RestoreRecord = z.infer<typeof RestoreRecord>

/** Files of a restore to a new image that are not finished yet: all that is needed to clear them away. */
export const NewImageRecord = z.object({ jobId: JobId, machineName: z.string(), temporaryPaths: z.array(z.string()) })
export type NewImageRecord = z.infer<typeof NewImageRecord>

const version = 1
const newImagePrefix = 'new-'

export class RestoreJournal {
  #folder: string
  #logger: Logger

  constructor(folder: string, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
  }

  /** @throws FloeError `system/home-unwritable` */
  write(record: RestoreRecord): Promise<void> {
    return writeJson(this.#path(record.id), version, record)
  }

  remove(id: RestoreId): Promise<void> {
    return this.#remove(this.#path(id))
  }

  writeNewImage(record: NewImageRecord): Promise<void> {
    return writeJson(this.#path(newImagePrefix + record.jobId), version, record)
  }

  removeNewImage(id: JobId): Promise<void> {
    return this.#remove(this.#path(newImagePrefix + id))
  }

  /** Everything recorded, oldest first. Damaged files are set aside and complained about. */
  async readAll(): Promise<{ restores: RestoreRecord[]; newImages: NewImageRecord[]; damaged: string[] }> {
    const restores: RestoreRecord[] = []
    const newImages: NewImageRecord[] = []
    const damaged: string[] = []
    for (const name of await this.#names()) {
      const path = join(this.#folder, name)
      const read = name.startsWith(newImagePrefix)
        ? await readJson(path, version, NewImageRecord)
        : await readJson(path, version, RestoreRecord)
      if (read.kind === 'damaged') {
        this.#logger.error(read.text)
        damaged.push(read.text)
      } else if (read.kind === 'ok') {
        if ('temporaryPaths' in read.value) newImages.push(read.value)
        else restores.push(read.value)
      }
    }
    restores.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id))
    return { restores, newImages, damaged }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw homeUnwritable(join(this.#folder, 'x'), error)
    }
  }

  async #remove(path: string): Promise<void> {
    try {
      await unlink(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw homeUnwritable(path, error)
      return
    }
    await syncFolder(dirname(path))
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`)
  }
}
