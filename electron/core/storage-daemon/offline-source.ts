import { realpath } from 'node:fs/promises'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { imageOptions } from '../qemu-img/index.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { imageInUse, type OfflineImage, speaksOfLock } from './offline-image.ts'
import { type StorageDaemon, startStorageDaemon } from './storage-daemon.ts'

/** An image to read, and the name its node gets. */
export interface OfflineDisk extends Pick<OfflineImage, 'path' | 'format' | 'files'> {
  readonly node: string
}

/** A daemon with one read-only node for each image. Disposing it ends the daemon, which lets go of the images. */
export type OfflineSource = StorageDaemon

/**
 * Opens images for reading, backing files included, in a daemon of their own. QEMU's locks are respected: an image that
 * another program writes to is refused, for qcow2 here, for raw when a copy of it is started (docs/qmp.md).
 * @throws FloeError `backup/started-while-off`, `backup/disk-excluded`, `system/tool-missing`, `system/tool-failed`
 */
export async function openOfflineSource(
  machineName: string,
  disks: readonly OfflineDisk[],
  ports: Pick<Ports, 'clock' | 'env'>,
  signal?: AbortSignal,
): Promise<OfflineSource> {
  const daemon = await startStorageDaemon({ clock: ports.clock, env: ports.env, ...(signal ? { signal } : {}) })
  try {
    for (const disk of disks) await addNode(daemon.session, machineName, disk)
    await assertKnownFiles(daemon.session, machineName, disks)
    return daemon
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
}

async function addNode(session: QmpSession, machineName: string, disk: OfflineDisk): Promise<void> {
  const { file, ...options } = imageOptions(disk.path, disk.format)
  const readOnly = { 'read-only': true, 'auto-read-only': false }
  try {
    await session.execute('blockdev-add', {
      ...options,
      ...readOnly,
      'node-name': disk.node,
      file: { ...file, ...readOnly },
    })
  } catch (error) {
    if (!(error instanceof QmpExecuteError)) throw error
    if (speaksOfLock(error.text)) throw imageInUse(machineName, disk.path, error)
    throw new FloeError('backup/disk-excluded', `QEMU can't open the image ${disk.path}: ${error.text}`, {
      params: { machine: machineName, disk: disk.path, reason: 'unreadable', path: disk.path, text: error.text },
      remedy: 'Check the image, or leave this disk out.',
      cause: error,
    })
  }
}

/** Formats that lie in plain files. */
const formats = new Set(['raw', 'qcow2', 'qcow', 'qed', 'vmdk', 'vdi', 'vhdx', 'vpc', 'parallels'])

/** Whatever QEMU reads must be among the files that are watched, or a change of it would go unnoticed. */
async function assertKnownFiles(session: QmpSession, machineName: string, disks: readonly OfflineDisk[]) {
  const nodes = await session.execute<{ drv: string; file: string }[]>('query-named-block-nodes', { flat: true })
  const real = (path: string) => realpath(path).catch(() => path)
  const known = new Set(await Promise.all(disks.flatMap((disk) => disk.files).map(real)))
  for (const { drv, file } of nodes) {
    if (formats.has(drv) || (drv === 'file' && known.has(await real(file)))) continue
    throw new FloeError(
      'backup/disk-excluded',
      `${machineName} has data in ${file}, which can't be watched for changes.`,
      {
        params: { machine: machineName, disk: file, reason: 'unreadable', path: file },
        remedy: 'Begin again while the machine runs, or leave this disk out.',
      },
    )
  }
}
