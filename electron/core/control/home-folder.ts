import { chmod, lstat, readdir } from 'node:fs/promises'
import { createHome, type HomePaths } from '../home/home-paths.ts'
import { homeUnwritable } from '../home/json-file.ts'

/**
 * Makes the home and closes it to other users. A folder that was there before and holds other things than Floe's keeps
 * its permissions: it is somebody's own, given with `--home`, and what Floe writes into it is private anyway.
 * @throws FloeError `system/home-unwritable`
 */
export async function prepareHome(paths: HomePaths): Promise<void> {
  const ours = await isOurs(paths)
  await createHome(paths)
  if (!ours) return
  try {
    const state = await lstat(paths.root)
    if (state.isDirectory() && (state.mode & 0o077) !== 0) await chmod(paths.root, 0o700)
  } catch (error) {
    throw homeUnwritable(paths.root, error)
  }
}

async function isOurs(paths: HomePaths): Promise<boolean> {
  try {
    const names = await readdir(paths.root)
    return names.every((name) => name === 'desktop') || names.includes('owner.lock') || names.includes('home.json')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    throw homeUnwritable(paths.root, error)
  }
}
