// Where the guest's old data waits while an instant is read: how much of it to expect, how much there may be, and what
// an earlier run left behind. The scratch drive is usually the one with the guest's own images: it must not fill up.
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises'
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

/** Looks at the scratch folder's drive, creating the folder. */
export async function scratchSpace(folder: string): Promise<{ freeBytes: number; totalBytes: number }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

const answerMs = 3_000

/**
 * Taking a filter out flushes its scratch image; with a drive that hangs, QEMU and the guest would hang with it until
 * the drive answers (docs/qmp.md). A broken snapshot left in the way costs the guest nothing.
 * @throws Error when the scratch drive does not take a write within some seconds
 */
export async function assertScratchAnswers(disks: readonly { readonly scratchPath: string }[]): Promise<void> {
  for (const folder of new Set(disks.map((disk) => dirname(disk.scratchPath)))) {
    const answered = await Promise.race([probe(folder), pause(answerMs, false, { ref: false })])
    if (!answered) throw new Error(`The scratch drive does not answer: ${folder}.`)
  }
}

/** A full or read-only drive has answered, too. */
async function probe(folder: string): Promise<true> {
  const path = join(folder, `.floe-probe-${process.pid}`)
  await writeFile(path, 'x', { flush: true }).catch(() => {})
  await rm(path, { force: true }).catch(() => {})
  return true
}

/** Removes scratch files of jobs that are not `alive`; answers how many. A missing folder holds none. */
export async function sweepScratch(folder: string, alive: ReadonlySet<string>): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[]
    throw error
  })
  const orphans = names.filter((name) => {
    const owner = ownerOfScratchFile(name)
    return owner !== null && !alive.has(owner)
  })
  for (const name of orphans) await rm(join(folder, name), { force: true })
  return orphans.length
}
