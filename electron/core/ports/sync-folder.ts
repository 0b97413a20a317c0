import { open } from 'node:fs/promises'

/** Not every file system can sync a folder (SMB, some FUSE drivers); there a rename is as safe as it gets. */
const unsupported = new Set(['EINVAL', 'ENOTSUP', 'EBADF', 'EISDIR', 'EPERM', 'EACCES'])

/** Makes a folder's entries (names, renames, removals) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    if (!unsupported.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await folder.close()
  }
}
