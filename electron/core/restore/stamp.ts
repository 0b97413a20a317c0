import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { z } from 'zod'

/** What tells one file from another, across renames and restarts, without reading it whole. */
export const Stamp = z.object({
  /** As text: inodes have 64 bits, and as numbers two neighbours on an SMB or NFS share would look like one file. */
  inode: z.string(),
  size: z.number(),
  /** Milliseconds since the epoch. */
  modifiedAt: z.number(),
  /** SHA-256 over the size and sixteen samples spread over the file, in hex. */
  sample: z.string(),
})
export type Stamp = z.infer<typeof Stamp>

/** FAT keeps times to two seconds, and some file systems round them only when they are mounted anew. */
const timeTolerance = 2000
const sampleCount = 16
const sampleSize = 64 << 10

/** What the system says of a file, with its inode and device to the last digit. */
export type Look = Stats & { readonly inode: string; readonly device: string }

/** Information about a path itself (a link is not followed); null when nothing is there. */
export async function look(path: string): Promise<Look | null> {
  try {
    const [stats, exact] = [await lstat(path), await lstat(path, { bigint: true })]
    return Object.assign(stats, { inode: String(exact.ino), device: String(exact.dev) })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

async function sampleOf(path: string, size: number): Promise<string> {
  const hash = createHash('sha256').update(String(size))
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(sampleSize)
    const last = Math.max(0, size - sampleSize)
    for (let index = 0; index < sampleCount; index++) {
      const position = Math.floor((last * index) / (sampleCount - 1))
      const { bytesRead } = await handle.read(buffer, 0, sampleSize, position)
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

export async function stampOf(path: string): Promise<Stamp> {
  const stats = await look(path)
  if (stats === null) throw new Error(`"${path}" is not there.`)
  const { inode, size, mtimeMs } = stats
  return { inode, size, modifiedAt: mtimeMs, sample: await sampleOf(path, size) }
}

/** Does the stamped file, not written to since, lie at `path`? */
export async function isUnchanged(path: string, stamp: Stamp): Promise<boolean> {
  const stats = await look(path)
  if (!stats?.isFile() || stats.size !== stamp.size) return false
  if (Math.abs(stats.mtimeMs - stamp.modifiedAt) > timeTolerance) return false
  // Some file systems (exFAT) give a renamed file another inode: then its content must answer.
  if (stats.inode === stamp.inode && stats.mtimeMs === stamp.modifiedAt) return true
  return (await sampleOf(path, stats.size)) === stamp.sample
}

/** Does the stamped file lie at `path`, whatever was written to it since? */
export async function isSameFile(path: string, stamp: Stamp): Promise<boolean> {
  const stats = await look(path)
  if (!stats?.isFile()) return false
  return stats.inode === stamp.inode || isUnchanged(path, stamp)
}

/** Are two paths names of one file? */
export async function areOneFile(first: string, second: string): Promise<boolean> {
  const [a, b] = [await look(first), await look(second)]
  return a !== null && b !== null && a.inode === b.inode && a.device === b.device
}
