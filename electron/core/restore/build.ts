import type { Stats } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { PointDisk } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { checkImage, convertImage, imageArgument, imageInfo, mapImage, runTool, toolFailed } from '../qemu-img/index.ts'
import type { Repository } from '../repository/types.ts'

export interface ImageToBuild {
  readonly pointId: PointId
  readonly disk: PointDisk
  /** The point's image. */
  readonly sourcePath: string
  readonly targetPath: string
  readonly format: 'qcow2' | 'raw'
  /** Whose owner and mode the image gets; null: the user's own defaults. */
  readonly like: Stats | null
}

type Env = Readonly<Record<string, string | undefined>>

/** Guest data of an image with its backing chain, zeroes left out. Bytes. */
export async function dataBytesOf(path: string, env: Env): Promise<number> {
  const extents = await mapImage(path, 'qcow2', { env })
  return extents.reduce((sum, extent) => sum + (extent.data && !extent.zero ? extent.length : 0), 0)
}

/** Space an independent image with that much data takes up: data, qcow2 tables (qemu.md 7) and a little air. */
export function spaceFor(dataBytes: number, virtualSize: number): number {
  return dataBytes + Math.ceil(dataBytes / 4096) + Math.ceil(virtualSize / 524_288) + (2 << 20)
}

/**
 * Writes a point's disk as an independent image to a path where nothing is, and brings it to the disk. The file is
 * readable by its owner only until it is whole.
 */
export async function copyOut(
  image: ImageToBuild,
  options: { env: Env; signal: AbortSignal; onProgress: (fraction: number) => void },
): Promise<void> {
  const handle = await open(image.targetPath, 'wx', 0o600)
  await handle.close()
  await convertImage({
    source: { path: image.sourcePath, format: 'qcow2' },
    target: { path: image.targetPath, format: image.format },
    ...options,
  })
}

/**
 * Proves a built image: its structure, its size, and its content against the point's index; without an index, against
 * the point's image itself.
 * @throws FloeError `restore/check-failed`
 */
export async function checkBuilt(
  image: ImageToBuild,
  repository: Pick<Repository, 'compareImage'>,
  options: { env: Env; signal: AbortSignal; onProgress: (doneBytes: number) => void },
): Promise<void> {
  const { disk, targetPath, format } = image
  const { env, signal, onProgress } = options
  const info = await imageInfo(targetPath, format, { env, signal })
  if (info.virtualSize !== disk.virtualSize) {
    throw checkFailed(disk, `it is ${info.virtualSize} bytes large instead of ${disk.virtualSize}`)
  }
  if (format === 'qcow2') {
    const check = await checkImage(targetPath, format, { env, signal })
    if (check.errors > 0) throw checkFailed(disk, check.text || `qemu-img found ${check.errors} errors`)
  }
  if (disk.contentRoot === null) {
    await compareWithSource(image, env, signal)
    onProgress(disk.virtualSize)
    return
  }
  const damage = await repository.compareImage(image.pointId, disk.id, targetPath, format, onProgress, signal)
  const first = damage[0]
  if (first !== undefined) throw checkFailed(disk, first.text, first.offset)
}

/** Gives the image the owner and mode of the one it replaces, and brings both to the disk. */
export async function dress(image: ImageToBuild): Promise<void> {
  const handle = await open(image.targetPath, 'r+')
  try {
    if (image.like !== null) {
      const { uid, gid } = await handle.stat()
      if (uid !== image.like.uid || gid !== image.like.gid) await handle.chown(image.like.uid, image.like.gid)
      await handle.chmod(image.like.mode & 0o7777)
    } else {
      await handle.chmod(0o666 & ~process.umask())
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes files of ours; those that are not there are no failure. */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
}

async function compareWithSource(image: ImageToBuild, env: Env, signal: AbortSignal): Promise<void> {
  const args = ['compare', imageArgument(image.sourcePath, 'qcow2'), imageArgument(image.targetPath, image.format)]
  const result = await runTool('qemu-img', `compare "${image.targetPath}"`, args, { env, signal, accepted: [0, 1, 2] })
  if (result.exitCode === 1) throw checkFailed(image.disk, result.stdout.trim())
  if (result.exitCode === 2) throw toolFailed('qemu-img', `compare "${image.targetPath}"`, result.stderr)
}

function checkFailed(disk: PointDisk, what: string, offset: number | null = null): FloeError {
  return new FloeError(
    'restore/check-failed',
    `The restored image of ${disk.id} is not what the restore point holds: ${what}`,
    {
      params: { disk: disk.id, offset },
      remedy: 'All images are as before. Verify the restore point, and restore another one if it is damaged.',
    },
  )
}
