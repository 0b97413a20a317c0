// What lies on a destination may have been put there by anybody. Nothing here follows a link or waits for a pipe.
import { constants, type Dirent } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { FloeError } from '../errors.ts'
import { isMissing } from './failures.ts'

/** Far more than the JSON of a machine with hundreds of disks. Bytes. */
const longestText = 16 << 20

/**
 * Reads a small text file that Floe wrote. Rejects with the system's error; links, pipes and files far too large for
 * what they claim to be are refused.
 */
export async function readPlainText(path: string): Promise<string> {
  return (await readPlain(path, longestText)).toString('utf8')
}

/** Reads any file that Floe wrote. Rejects with the system's error; links and pipes are refused. */
export async function readPlainBytes(path: string): Promise<Buffer> {
  return readPlain(path, Number.POSITIVE_INFINITY)
}

/** The first bytes of any file that Floe wrote, fewer when it is shorter. Rejects like `readPlainBytes`. */
export async function readPlainBeginning(path: string, length: number): Promise<Buffer> {
  return readPlain(path, Number.POSITIVE_INFINITY, length)
}

async function readPlain(path: string, longest: number, length: number | null = null): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new Error(`"${path}" is not a plain file`)
    if (found.size > longest) throw new Error(`"${path}" is far too large`)
    if (length === null) return await file.readFile()
    const bytes = Buffer.alloc(Math.min(length, found.size))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Bytes of a plain file; null when there is none at the path, or something else. */
export async function plainFileSize(path: string): Promise<number | null> {
  try {
    const found = await lstat(path)
    return found.isFile() ? found.size : null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Names of the folders in a folder, links left out; empty when there is no such folder or the path is a link. */
export async function foldersIn(path: string): Promise<string[]> {
  let entries: Dirent[]
  try {
    if (!(await lstat(path)).isDirectory()) return []
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/**
 * Refuses to write or delete through a link: what it leads to is not the destination's.
 * @throws FloeError `destination/damaged-marker`, or the system's error
 */
export async function assertOwnFolder(path: string): Promise<void> {
  if ((await lstat(path)).isDirectory()) return
  throw new FloeError('destination/damaged-marker', `"${path}" is a link or a file where Floe keeps a folder.`, {
    params: { path, reason: 'It is not a folder.' },
    remedy: 'Put the folder itself in its place. Floe never writes or deletes through links on a destination.',
  })
}
