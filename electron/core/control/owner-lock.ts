import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { homeUnwritable } from '../home/json-file.ts'
import { processIdentity } from '../ports/process-identity.ts'

// The lock is a folder of numbered records, `owner.lock/<epoch>.json`. Becoming owner is creating the next number, which
// the file system grants to one process only (link(2) fails when the name exists). A stale lock is therefore never
// deleted to make room, it is outnumbered; so nobody can delete a lock that a faster process has just taken. The highest
// record is never removed, not even when its owner leaves: a number must not be given twice.
const Record = z.object({
  pid: z.number().int().positive(),
  /** See `processIdentity`. */
  identity: z.string(),
  state: z.enum(['starting', 'serving', 'released']),
  /** Where the owner listens; null until it serves. */
  socket: z.string().nullable(),
})
type Record = z.infer<typeof Record>

export interface Owner {
  readonly epoch: number
  readonly pid: number
  readonly state: 'starting' | 'serving'
  readonly socket: string | null
}

/** The newest record: whose it is if its process still runs, and the socket that a dead owner left behind. */
export type LockState =
  | { readonly kind: 'free'; readonly epoch: number; readonly leftSocket: string | null }
  | { readonly kind: 'owned'; readonly owner: Owner }

/** The right to be the home's owner, held from creation to `release`. */
export interface OwnerLock {
  readonly epoch: number
  /** Tells others where to connect. */
  serve(socket: string): Promise<void>
  /** Lets another process become owner. The core must have stopped before. */
  release(): Promise<void>
}

const epochName = /^(\d+)\.json$/

async function epochsIn(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder)
    return names
      .map((name) => epochName.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => b - a)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw homeUnwritable(folder, error)
  }
}

const recordPath = (folder: string, epoch: number) => join(folder, `${epoch}.json`)

/** Null for a record that is gone or was torn by a power cut; its writer cannot be running then. */
async function readRecord(folder: string, epoch: number): Promise<Record | null> {
  try {
    return Record.parse(JSON.parse(await readFile(recordPath(folder, epoch), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

/** Who owns the home right now. */
export async function readLock(folder: string): Promise<LockState> {
  const epoch = (await epochsIn(folder))[0] ?? 0
  const record = epoch === 0 ? null : await readRecord(folder, epoch)
  if (record === null) return { kind: 'free', epoch, leftSocket: null }
  const { state } = record
  if (state === 'released') return { kind: 'free', epoch, leftSocket: null }
  if ((await processIdentity(record.pid)) !== record.identity) {
    return { kind: 'free', epoch, leftSocket: record.socket }
  }
  return { kind: 'owned', owner: { epoch, pid: record.pid, state, socket: record.socket } }
}

/**
 * Becomes owner after the free lock state `seen`, or answers null when another process was faster.
 * @throws FloeError `system/home-unwritable`
 */
export async function takeLock(folder: string, seen: { readonly epoch: number }): Promise<OwnerLock | null> {
  const epoch = seen.epoch + 1
  const identity = await processIdentity(process.pid)
  if (identity === null) throw new Error(`The system does not list this process (pid ${process.pid})`)
  const mine: Record = { pid: process.pid, identity, state: 'starting', socket: null }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (!(await createRecord(folder, epoch, mine))) return null
    const epochs = await epochsIn(folder)
    if (epochs.some((other) => other > epoch)) {
      await unlink(recordPath(folder, epoch))
      return null
    }
    for (const older of epochs.filter((other) => other < epoch)) await removeIfThere(recordPath(folder, older))
  } catch (error) {
    throw homeUnwritable(folder, error)
  }
  return {
    epoch,
    serve: (socket) => replaceRecord(folder, epoch, { ...mine, state: 'serving', socket }),
    release: () => replaceRecord(folder, epoch, { ...mine, state: 'released' }),
  }
}

let counter = 0

async function writeTemporary(folder: string, record: Record): Promise<string> {
  counter += 1
  const path = join(folder, `.${process.pid}-${counter}.tmp`)
  try {
    await writeFile(path, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true })
  } catch (error) {
    await removeIfThere(path)
    throw error
  }
  return path
}

async function createRecord(folder: string, epoch: number, record: Record): Promise<boolean> {
  const temporary = await writeTemporary(folder, record)
  try {
    await link(temporary, recordPath(folder, epoch))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await removeIfThere(temporary)
  }
}

async function replaceRecord(folder: string, epoch: number, record: Record): Promise<void> {
  try {
    await rename(await writeTemporary(folder, record), recordPath(folder, epoch))
  } catch (error) {
    throw homeUnwritable(folder, error)
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
