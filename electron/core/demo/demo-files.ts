import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FloeError } from '../errors.ts'

/** Everything the demo machine has: two folders at most, and nothing anywhere else. */
export interface DemoFiles {
  readonly folder: string
  readonly disk: string
  readonly pidFile: string
  readonly log: string
  /** QMP, for Floe as for any other machine. */
  readonly qmp: string
  /** The guest's serial line, on which it tells its number. */
  readonly serial: string
  /** Where the sockets are: `folder`, or one below the temporary folder when the home's path is too long for sockets. */
  readonly socketFolder: string
}

/** macOS allows 104 bytes with the final zero. */
const longestSocketPath = 103

export function demoFiles(folder: string): DemoFiles {
  const fits = Buffer.byteLength(join(folder, 'serial')) <= longestSocketPath
  const socketFolder = fits ? folder : join(roomyTemporaryFolder(), `floe-demo-${digest(folder)}`)
  return {
    folder,
    disk: join(folder, 'demo.qcow2'),
    pidFile: join(folder, 'qemu.pid'),
    log: join(folder, 'qemu.log'),
    qmp: join(socketFolder, 'qmp'),
    serial: join(socketFolder, 'serial'),
    socketFolder,
  }
}

/** Makes the folders, for this user only. @throws FloeError `system/home-unwritable` */
export async function createDemoFolders(files: DemoFiles): Promise<void> {
  try {
    for (const folder of [files.folder, files.socketFolder]) await mkdir(folder, { recursive: true, mode: 0o700 })
    const state = await lstat(files.socketFolder)
    if (!state.isDirectory() || state.uid !== process.getuid?.()) throw new Error('It belongs to somebody else.')
    for (const socket of [files.qmp, files.serial]) await rm(socket, { force: true })
  } catch (error) {
    throw new FloeError(
      'system/home-unwritable',
      `Floe can't write to the folder of the demo machine: ${files.folder}.`,
      {
        params: { path: files.folder, folder: files.folder },
        remedy: 'Make it writable and see that its drive has space.',
        cause: error,
      },
    )
  }
}

/** What QEMU, Floe and its restores put into the demo's folders: the disk, its undo copies and images being built. */
const demoFile = /^(demo(\.undo-[\d-]+)?\.qcow2(\.new|\.restoring-.*)?|qemu\.(pid|log)|qmp|serial)$/

/**
 * Removes the demo's own files, `destinations` inside its folder, and then the folders. What somebody else put there
 * stays, with the folder around it; the answer names it.
 */
export async function removeDemoFolders(files: DemoFiles, destinations: readonly string[]): Promise<string[]> {
  for (const path of destinations) await rm(path, { recursive: true, force: true })
  const left: string[] = []
  for (const folder of new Set([files.socketFolder, files.folder])) {
    const names = await readdir(folder).catch(nothingThere)
    for (const name of names.filter((name) => demoFile.test(name))) await rm(join(folder, name), { force: true })
    const others = names.filter((name) => !demoFile.test(name) && !destinations.includes(join(folder, name)))
    left.push(...others.map((name) => join(folder, name)))
    if (others.length === 0) await rmdir(folder).catch(nothingThere)
  }
  return left
}

function nothingThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function roomyTemporaryFolder(): string {
  return Buffer.byteLength(tmpdir()) < 70 ? tmpdir() : '/tmp'
}
