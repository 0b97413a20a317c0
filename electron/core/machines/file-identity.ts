import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * What makes a file the same one after a rename or a move inside its drive. The time of birth guards against an inode
 * that was used again for another file.
 */
export interface FileIdentity {
  /** Real path, all links followed. */
  readonly path: string
  /** `device:inode:birth`; null when the file does not exist. */
  readonly key: string | null
}

/** The real path even when the file is gone, as far as its folder still tells. */
async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(async () => {
    const folder = dirname(path)
    return join(await realpath(folder).catch(() => folder), basename(path))
  })
}

export async function identifyFile(path: string): Promise<FileIdentity> {
  const [real, facts] = await Promise.all([realPathOf(path), stat(path, { bigint: true }).catch(() => null)])
  return { path: real, key: facts ? `${facts.dev}:${facts.ino}:${facts.birthtimeNs}` : null }
}

export const identifyFiles = (paths: readonly string[]): Promise<FileIdentity[]> => Promise.all(paths.map(identifyFile))

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.path === b.path || (a.key !== null && a.key === b.key)
}
