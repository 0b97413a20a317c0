// Where the guest's old data waits while an instant is read: how much of it to expect, how much there may be, and what
// an earlier run left behind. The scratch drive is usually the one with the guest's own images: it must not fill up.
import { access, constants, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { ownerOfScratchFile } from './naming.ts'
import type { ScratchPlan } from './types.ts'

const mebibyte = 1 << 20
/** A guest rarely overwrites more than this share of its data while it is copied. */
const expectedShare = 0.1
const leastExpected = 256 * mebibyte
/** What disks may grow by between being measured and the instant, and what the scratch images' own tables take. */
const growth = 256 * mebibyte
/** Left free on the scratch drive whatever happens: this share of it, and at most so much. */
const reservedShare = 0.05
const mostReserved = 4096 * mebibyte

export type ScratchAnswer =
  | { readonly kind: 'room'; readonly plan: ScratchPlan; readonly freeBytes: number }
  /** `reason`: one finished sentence. */
  | { readonly kind: 'no-room'; readonly reason: string }

/** Bytes that stay free on a file system of this size. */
export const reservedBytes = (totalBytes: number): number =>
  Math.min(mostReserved, Math.floor(totalBytes * reservedShare))

/**
 * Pure. `dataBytes`: what the disks held when they were last measured; with what they may have grown by, the most that
 * can ever be set aside.
 */
export function planScratch(
  folder: string,
  dataBytes: number,
  space: { readonly freeBytes: number; readonly totalBytes: number },
  wishedLimit: number | null,
): ScratchAnswer {
  const most = dataBytes + Math.ceil(dataBytes / 1024) + growth
  const expectedBytes = Math.min(dataBytes + mebibyte, Math.max(leastExpected, Math.ceil(dataBytes * expectedShare)))
  const available = Math.max(0, space.freeBytes - reservedBytes(space.totalBytes))
  const limitBytes = Math.min(most, wishedLimit ?? most, available)
  if (limitBytes >= Math.min(expectedBytes, wishedLimit ?? expectedBytes)) {
    return { kind: 'room', plan: { folder, expectedBytes, limitBytes }, freeBytes: space.freeBytes }
  }
  return {
    kind: 'no-room',
    reason: `There is not enough room in ${folder} for the guest's old data: about ${formatBytes(expectedBytes)} may be needed, ${formatBytes(available)} can be used.`,
  }
}

interface ScratchSpace {
  readonly freeBytes: number
  readonly totalBytes: number
}

/**
 * This Floe's own folder in one that several may be given: each removes what none of its own jobs needs any more, and
 * the guest's old data is for its owner only.
 */
export const ownScratchFolder = (shared: string, homeId: string): string => join(shared, `floe-${homeId}`)

/** Where a drive that is not there would be mounted, nothing is made but this one folder. */
export async function makeScratchFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

/**
 * Looks at the scratch folder's drive, creating the folder in the one around it.
 * @throws the system's error when it cannot be written to, Error when its drive does not answer
 */
export function scratchSpace(folder: string): Promise<ScratchSpace> {
  return inTime(folder, askedSpaces, async () => {
    await makeScratchFolder(folder)
    await access(folder, constants.W_OK | constants.X_OK)
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  })
}

const answerMs = 3_000
/** What was asked of drives and is not answered yet. Each such question takes up a thread of this process. */
const askedSpaces = new Map<string, Promise<ScratchSpace>>()
const askedWrites = new Map<string, Promise<true>>()

/** A drive that hangs is asked once, and everybody waits for that answer some seconds. */
async function inTime<T>(folder: string, asked: Map<string, Promise<T>>, ask: () => Promise<T>): Promise<T> {
  const question = asked.get(folder) ?? ask().finally(() => asked.delete(folder))
  asked.set(folder, question)
  question.catch(() => {})
  const given = await Promise.race([question.then((answer) => ({ answer })), pause(answerMs, null, { ref: false })])
  if (given === null) throw new Error(`The scratch drive does not answer: ${folder}.`)
  return given.answer
}

/**
 * Taking a filter out flushes its scratch image; with a drive that hangs, QEMU and the guest would hang with it until
 * the drive answers (docs/qmp.md). A broken snapshot left in the way costs the guest nothing.
 * @throws Error when the scratch drive does not take a write within some seconds
 */
export async function assertScratchAnswers(disks: readonly { readonly scratchPath: string }[]): Promise<void> {
  for (const folder of new Set(disks.map((disk) => dirname(disk.scratchPath)))) {
    await inTime(folder, askedWrites, () => probe(folder))
  }
}

const probePrefix = '.floe-probe-'

/** A full or read-only drive has answered, too. */
async function probe(folder: string): Promise<true> {
  const path = join(folder, `${probePrefix}${process.pid}`)
  await writeFile(path, 'x', { flush: true }).catch(() => {})
  await rm(path, { force: true }).catch(() => {})
  return true
}

/**
 * Removes scratch files of jobs that are not `alive`; answers how many. A missing folder holds none.
 * @param folder of this Floe alone, because nobody can tell whether another Floe's job is alive
 */
export async function sweepScratch(folder: string, alive: ReadonlySet<string>): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw error
  })
  const orphans = names.filter((name) => {
    const owner = ownerOfScratchFile(name)
    return owner !== null && !alive.has(owner)
  })
  const probes = names.filter((name) => name.startsWith(probePrefix) && name !== `${probePrefix}${process.pid}`)
  for (const name of [...orphans, ...probes]) await rm(join(folder, name), { force: true })
  return orphans.length
}
