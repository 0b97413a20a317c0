import { open, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { identifyFile, identifyFiles, isSameFile } from '../file-identity.ts'

export interface ImageUser {
  readonly machineName: string
  readonly path: string
}

const longestBackingName = 1023

/** The backing file that a qcow2 header names, absolute; null for none and for anything that is no qcow2. */
export async function backingFileOf(path: string): Promise<string | null> {
  const handle = await open(path, 'r').catch(() => null)
  if (!handle) return null
  try {
    const header = Buffer.alloc(20)
    const { bytesRead } = await handle.read(header, 0, 20, 0)
    if (bytesRead < 20 || header.readUInt32BE(0) !== 0x514649fb) return null
    const offset = Number(header.readBigUInt64BE(8))
    const size = header.readUInt32BE(16)
    if (offset === 0 || size === 0 || size > longestBackingName) return null
    const name = Buffer.alloc(size)
    await handle.read(name, 0, size, offset)
    const text = name.toString('utf8')
    if (text.startsWith('json:')) return /"filename": *"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? null
    return resolve(dirname(path), text.replace(/^file:/, ''))
  } finally {
    await handle.close()
  }
}

async function overlaysBeside(imagePaths: readonly string[]): Promise<{ overlay: string; backing: string }[]> {
  const found: { overlay: string; backing: string }[] = []
  for (const folder of new Set(imagePaths.map((path) => dirname(path)))) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue
      const overlay = join(folder, entry.name)
      const backing = await backingFileOf(overlay)
      if (backing !== null) found.push({ overlay, backing })
    }
  }
  return found
}

/**
 * Who else needs these files: other machines, running or remembered, and images in the same folders whose backing file
 * one of them is. Replacing a file under an overlay makes the overlay worthless.
 */
export async function usersOfImages(
  imagePaths: readonly string[],
  own: Machine,
  others: readonly Machine[],
): Promise<readonly ImageUser[]> {
  const images = await identifyFiles(imagePaths)
  const isWanted = async (path: string) => {
    const identity = await identifyFile(path)
    return images.some((image) => isSameFile(image, identity))
  }
  const users: ImageUser[] = []
  for (const machine of others) {
    for (const disk of machine.disks) {
      for (const path of [...(disk.imagePath ? [disk.imagePath] : []), ...disk.backingChain]) {
        if (await isWanted(path)) users.push({ machineName: machine.name, path })
      }
    }
  }
  const ownFiles = await identifyFiles(
    own.disks.flatMap((disk) => [...(disk.imagePath ? [disk.imagePath] : []), ...disk.backingChain]),
  )
  for (const { overlay, backing } of await overlaysBeside(images.map(({ path }) => path))) {
    if (!(await isWanted(backing))) continue
    const identity = await identifyFile(overlay)
    const isKnown = [...ownFiles, ...images].some((file) => isSameFile(file, identity))
    if (!isKnown) users.push({ machineName: basename(overlay), path: overlay })
  }
  return users
}
