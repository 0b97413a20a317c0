// What a backup must not forget when Floe dies: one JSON line per event in `<job id>.jsonl`, on the disk before the
// event's effects start. The first line says what the backup is about. Progress is never written. A line cut short by
// a crash is an event that did not happen yet; its effects had not started either.
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { GuestAccess } from '../guest-agent/types.ts'
import { homeUnwritable } from '../home/json-file.ts'
import type { ShutdownHold } from '../machines/shutdown-safe.ts'
import type { SocketPlace } from '../nbd-server/place.ts'
import { syncFolder } from '../ports/sync-folder.ts'
import type { OpenDestination } from '../repository/types.ts'
import type { BackupEvent } from './events.ts'
import type { WriteLatency } from './guest-stats.ts'
import { notPaused, type PauseReasons } from './pause-reasons.ts'
import type { BackupPlan } from './plan.ts'
import { type BackupOptions, type BackupState, initialState } from './state.ts'
import { transition } from './transition.ts'

export const journalVersion = 3

/** What a backup is about; nothing of it changes later. */
export interface BackupHeader {
  readonly version: typeof journalVersion
  readonly jobId: JobId
  readonly pointId: PointId
  readonly machineId: MachineId
  readonly machineName: string
  /** How the guest is reached to freeze it. */
  readonly guest: GuestAccess
  readonly destination: OpenDestination & { readonly id: DestinationId }
  readonly plan: BackupPlan
  readonly check: boolean
  /** Compare the finished point with the instant itself. */
  readonly prove: boolean
  /** Where QEMU serves the instant to Floe while it is compared or proved. */
  readonly reading: SocketPlace
  readonly limit: number | null
  readonly qemuVersion: string | null
  readonly startCommand: string | null
  readonly pid: number | null
  /** QEMU was told to stay when its guest turns itself off, and is to be set back; null: it was left as it is. */
  readonly hold?: ShutdownHold | null
  /** When the job was put on the board (ISO 8601). */
  readonly createdAt: string
}

/** What transition() needs to know of a backup. */
export function optionsOf({ plan, check, prove }: Pick<BackupHeader, 'plan' | 'check' | 'prove'>): BackupOptions {
  const { freeze, way, disks } = plan
  const [cause, reason] =
    freeze.kind === 'no-freeze'
      ? [freeze.cause, freeze.reason]
      : (['unseen', 'Floe was closed while the backup began, so nobody can tell whether the freeze held.'] as const)
  const consistency = way === 'offline' ? 'offline' : 'crash-consistent'
  const isRequired = freeze.kind === 'freeze' && freeze.required
  const unseen = isRequired ? null : ({ consistency, freeze: null, reason, cause, pausedMs: null } as const)
  const compares = disks.some((disk) => disk.basis === 'comparison')
  return { diskCount: disks.length, check: check || prove, compares, proves: prove, unseen }
}

/** What changes besides events and cannot be read off QEMU: the last word on each counts. */
export interface RunNotes {
  /** The person's limit in bytes per second; QEMU's may be lower for the guest's sake. */
  readonly limit: number | null
  /** Who wants it to wait. */
  readonly pause: PauseReasons
  /** What the guest's writes took before the backup; null until it was looked at. */
  readonly idle: WriteLatency | null
  /** Disks whose changes QEMU refused to track. */
  readonly untracked: readonly DiskId[]
  /** QEMU has closed the images of a whole copy; from then on nothing in QEMU has to vouch for them. */
  readonly closed: boolean
}

export const firstNotes = ({ limit }: Pick<BackupHeader, 'limit'>): RunNotes => ({
  limit,
  pause: notPaused,
  idle: null,
  untracked: [],
  closed: false,
})

export interface Unfinished {
  readonly header: BackupHeader
  readonly state: BackupState
  readonly notes: RunNotes
}

export const journalPath = (dir: string, jobId: JobId): string => join(dir, `${jobId}.jsonl`)

export class Journal {
  readonly #dir: string
  readonly #path: string
  readonly #file: FileHandle
  /** The last line may be cut short: by a crash, or by a drive that was full. */
  #cut: boolean

  private constructor(dir: string, path: string, file: FileHandle, cut: boolean) {
    this.#dir = dir
    this.#path = path
    this.#file = file
    this.#cut = cut
  }

  /** Begins a journal. @throws FloeError `system/home-unwritable` */
  static async create(dir: string, header: BackupHeader): Promise<Journal> {
    const path = journalPath(dir, header.jobId)
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const journal = new Journal(dir, path, await open(path, 'ax', 0o600), false)
      await journal.#append(header)
      await syncFolder(dir)
      return journal
    } catch (error) {
      throw homeUnwritable(path, error)
    }
  }

  /** Goes on with the journal of an earlier run, whose last line may be cut short. */
  static async reopen(dir: string, jobId: JobId): Promise<Journal> {
    const path = journalPath(dir, jobId)
    return new Journal(dir, path, await open(path, 'a'), true)
  }

  /** On the disk when it resolves. */
  async append(event: BackupEvent): Promise<void> {
    await this.#append(event)
  }

  /** On the disk when it resolves. */
  async note(note: Partial<RunNotes>): Promise<void> {
    await this.#append({ note })
  }

  /** Lets go of the file, which stays. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  /** The backup has ended and nothing of it is left to do. */
  async remove(): Promise<void> {
    await this.#file.close()
    await rm(this.#path, { force: true })
    await syncFolder(this.#dir)
  }

  async #append(line: BackupHeader | BackupEvent | Note): Promise<void> {
    const before = this.#cut ? '\n' : ''
    this.#cut = true
    await this.#file.appendFile(`${before}${JSON.stringify(line)}\n`)
    this.#cut = false
    await this.#file.sync()
  }
}

interface Note {
  readonly note: Partial<RunNotes>
}

/** Folds one journal's text; null when it holds no header that this Floe understands. */
export function foldJournal(text: string): Unfinished | null {
  const lines = text.split('\n').flatMap(parseLine)
  const [header, ...rest] = lines as [BackupHeader | undefined, ...(BackupEvent | Note)[]]
  if (header?.version !== journalVersion) return null
  const options = optionsOf(header)
  const events = rest.filter((line): line is BackupEvent => !('note' in line))
  const state = events.reduce<BackupState>((before, event) => transition(before, event, options).state, initialState)
  const notes: RunNotes = Object.assign(
    firstNotes(header),
    ...rest.flatMap((line) => ('note' in line ? [line.note] : [])),
  )
  return { header, state, notes }
}

/** A line cut short by a crash counts as not written. */
function parseLine(line: string): unknown[] {
  if (line.trim() === '') return []
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

/** A crash cut the very first line short: nothing had been begun yet. */
const isStillborn = (text: string): boolean =>
  !text.includes('\n') && '{"version":'.startsWith(text.slice(0, '{"version":'.length))

/** Journals of backups that had not ended. `unreadable` ones stay where they are. */
export async function readJournals(dir: string): Promise<{ unfinished: Unfinished[]; unreadable: string[] }> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw homeUnwritable(dir, error)
  })
  const unfinished: Unfinished[] = []
  const unreadable: string[] = []
  for (const name of names.filter((candidate) => candidate.endsWith('.jsonl')).sort()) {
    const text = await readFile(join(dir, name), 'utf8')
    const folded = foldJournal(text)
    if (folded) unfinished.push(folded)
    else if (isStillborn(text)) await rm(join(dir, name), { force: true })
    else unreadable.push(join(dir, name))
  }
  return { unfinished, unreadable }
}
