// The restores that happened, as the journal folder has them, and as the window sees them.
import type { RestoreId } from '../../../shared/domain/ids.ts'
import type { Restore } from '../../../shared/domain/restore.ts'
import { FloeError } from '../errors.ts'
import type { Topic } from '../topics/topic.ts'
import type { RestoreJournal, RestoreRecord } from './journal.ts'
import { isUnchanged, type Look } from './stamp.ts'

export class RestoreRecords {
  #journal: RestoreJournal
  #topic: Topic<'restores'>
  #records = new Map<RestoreId, RestoreRecord>()
  #undoable = new Map<RestoreId, boolean>()

  constructor(journal: RestoreJournal, topic: Topic<'restores'>) {
    this.#journal = journal
    this.#topic = topic
  }

  /** Newest first. */
  all(): readonly RestoreRecord[] {
    return [...this.#records.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt))
  }

  /** @throws FloeError `restore/unknown` */
  get(id: RestoreId): RestoreRecord {
    const record = this.#records.get(id)
    if (record === undefined || record.state.kind === 'building' || record.state.kind === 'swapping') {
      throw new FloeError('restore/unknown', `There is no restore ${id}.`, { params: { id } })
    }
    return record
  }

  /** Is it a restore of this home, in whatever state? */
  knows(id: string): boolean {
    return this.#records.has(id as RestoreId)
  }

  /** On disk first, then in memory and published. @throws FloeError `system/home-unwritable` */
  async save(record: RestoreRecord): Promise<void> {
    await this.#journal.write(record)
    await this.adopt(record)
  }

  /** Takes a record in as it is on disk. */
  async adopt(record: RestoreRecord): Promise<void> {
    this.#records.set(record.id, record)
    await this.#publish(record)
  }

  async forget(id: RestoreId): Promise<void> {
    this.#records.delete(id)
    this.#topic.remove(id)
    await this.#journal.remove(id)
  }

  /** Looks again whether the undo copies are where they were. */
  async refresh(): Promise<void> {
    for (const record of this.#records.values()) await this.#publish(record)
  }

  list(): readonly Restore[] {
    return this.all().flatMap((record) => this.#describe(record) ?? [])
  }

  /** Did a restore put this image there, and was it not written to since? */
  isAsRestored(imagePath: string, stats: Look): boolean {
    return this.all().some(
      (record) =>
        record.pointId !== null &&
        record.state.kind === 'done' &&
        record.disks.some(
          (disk) =>
            disk.imagePath === imagePath &&
            disk.incoming?.inode === stats.inode &&
            disk.incoming.size === stats.size &&
            disk.incoming.modifiedAt === stats.mtimeMs,
        ),
    )
  }

  async #publish(record: RestoreRecord): Promise<void> {
    this.#undoable.set(record.id, record.state.kind === 'done' && (await hasUndoCopies(record)))
    const restore = this.#describe(record)
    if (restore !== null && this.#records.get(record.id) === record) this.#topic.set(restore)
  }

  #describe(record: RestoreRecord): Restore | null {
    const { id, machineId, machineName, pointId, undoes, createdAt, state, disks } = record
    if (state.kind === 'building' || state.kind === 'swapping') return null
    return {
      id,
      machineId,
      machineName,
      pointId,
      undoes,
      createdAt,
      state,
      disks: disks.map(({ diskId, imagePath, undoPath, oldBytes }) => ({
        diskId,
        imagePath,
        undoPath,
        undoSize: oldBytes,
      })),
      undoable: this.#undoable.get(id) ?? false,
    }
  }
}

async function hasUndoCopies(record: RestoreRecord): Promise<boolean> {
  for (const { undoPath, old } of record.disks) {
    if (old === null) return false
    const unchanged = await isUnchanged(undoPath, old).catch(() => false)
    if (!unchanged) return false
  }
  return true
}
