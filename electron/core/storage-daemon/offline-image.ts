import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FloeError } from '../errors.ts'
import { type ChainLink, imageChain, type ToolOptions } from '../qemu-img/index.ts'

/** A disk of a machine that is off, as it is remembered. */
export interface RememberedDisk {
  readonly id: string
  readonly imagePath: string | null
  readonly format: string | null
}

/** What its image says of itself now. Sizes in bytes. */
export interface OfflineImage {
  readonly path: string
  readonly format: string
  readonly virtualSize: number
  /** What the image and everything it builds on take up. */
  readonly allocatedSize: number
  /** Absolute paths of the backing files, nearest first. */
  readonly backingChain: readonly string[]
  /** Every file that holds some of the disk: the image, its backing files, and files with external data. */
  readonly files: readonly string[]
}

/** Does this text of QEMU's say that somebody else holds a lock on the image? */
export const speaksOfLock = (text: string): boolean =>
  /Failed to get .*lock|Is another process using the image/i.test(text)

/**
 * Reads the image's header and those of its backing files: both may have changed since the machine was seen.
 * @throws FloeError `backup/disk-excluded` naming the path, `backup/started-while-off` when it is in use, `system/tool-missing`
 */
export async function readOfflineImage(
  machineName: string,
  disk: RememberedDisk,
  options: ToolOptions = {},
): Promise<OfflineImage> {
  const refuse = (why: string, remedy: string, cause?: unknown) =>
    new FloeError('backup/disk-excluded', `The disk ${disk.id} of ${machineName} can't be read: ${why}`, {
      params: { machine: machineName, disk: disk.id, reason: 'unreadable', path: disk.imagePath },
      remedy,
      cause,
    })
  const { imagePath: path, format } = disk
  if (path === null || format === null) {
    throw refuse(
      'the machine is off, and its data is not in a plain image file.',
      'Begin again while the machine runs, or leave this disk out.',
    )
  }
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR'
      ? refuse(`there is no image at ${path}.`, 'Connect its drive, or put the image back.', error)
      : refuse(`its image ${path} can't be looked at: ${error.message}`, 'Check the drive and the permissions.', error)
  })
  const whileRunning = 'Begin again while the machine runs, or leave this disk out.'
  if (!facts.isFile()) throw refuse(`${path} is not a plain file, and the machine is off.`, whileRunning)
  const chain = await imageChain(path, format, options).catch((error: unknown) => {
    if (!(error instanceof FloeError) || error.code !== 'system/tool-failed') throw error
    if (speaksOfLock(error.message)) throw imageInUse(machineName, path, error)
    throw refuse(error.message, 'Check the image; with the machine running, Floe does not depend on this.', error)
  })
  if (chain.some((image) => image.encrypted || image.format === 'luks')) {
    throw refuse(`its image ${path} is encrypted by QEMU, and only the running machine has the key.`, whileRunning)
  }
  const foreign = chain.find((image) => !image.name.startsWith('/'))
  if (foreign) throw refuse(`it builds on ${foreign.name}, which is not a plain file.`, whileRunning)
  try {
    return await describe(path, format, chain)
  } catch (error) {
    throw refuse(
      error instanceof Error ? error.message : String(error),
      'Connect its drive, or put the file back.',
      error,
    )
  }
}

async function describe(path: string, format: string, chain: readonly ChainLink[]): Promise<OfflineImage> {
  const backingChain = chain.slice(1).map((image) => image.name)
  const dataFiles = [path, ...backingChain].flatMap((owner, index) => {
    const dataFile = chain[index]?.dataFile ?? null
    return dataFile === null ? [] : [resolve(dirname(owner), dataFile)]
  })
  const external = await Promise.all(dataFiles.map(async (file) => (await stat(file)).blocks * 512))
  return {
    path,
    format,
    virtualSize: chain[0]?.virtualSize ?? 0,
    allocatedSize: [...chain.map((image) => image.actualSize), ...external].reduce((sum, size) => sum + size, 0),
    backingChain,
    files: [...new Set([path, ...backingChain, ...dataFiles])],
  }
}

/** Somebody holds QEMU's lock on an image of a machine that is thought to be off. */
export function imageInUse(machineName: string, path: string, cause: unknown): FloeError {
  return new FloeError(
    'backup/started-while-off',
    `The image ${path} of ${machineName} is in use by another program.`,
    {
      params: { machine: machineName, path, before: true },
      remedy: 'Let Floe reach the machine over its QMP socket, or end the program that uses the image.',
      cause,
    },
  )
}
