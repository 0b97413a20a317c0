import type { Stats } from 'node:fs'
import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { FloeError } from '../errors.ts'
import { type Look, look } from './stamp.ts'

const elsewhere = 'Restore to a new image instead; nothing was changed.'

/** What is wrong with replacing the image at `path`; its facts when nothing is. */
export async function inspectImage(
  path: string,
  expected: { format: 'qcow2' | 'raw'; exactSize: number | null },
): Promise<{ stats: Look; error: null } | { stats: Look | null; error: FloeError }> {
  const stats = await look(path)
  const wrong = (error: FloeError) => ({ stats, error })
  if (stats === null) {
    return wrong(
      new FloeError('restore/image-missing', `The image "${path}" is not there any more.`, {
        params: { path },
        remedy: elsewhere,
      }),
    )
  }
  if (stats.isSymbolicLink()) {
    return wrong(
      new FloeError('restore/image-is-link', `"${path}" is a link to another file, not an image of its own.`, {
        params: { path },
        remedy: `Start the machine with the image itself, or restore to a new image. Nothing was changed.`,
      }),
    )
  }
  if (!stats.isFile()) {
    return wrong(
      new FloeError('restore/image-missing', `"${path}" is not a plain file, so it can't be swapped.`, {
        params: { path },
        remedy: elsewhere,
      }),
    )
  }
  if (expected.exactSize !== null && stats.size !== expected.exactSize) {
    const text = `"${path}" is ${stats.size} bytes large, the restored firmware variables ${expected.exactSize}; QEMU needs the same size.`
    return wrong(new FloeError('restore/image-missing', text, { params: { path }, remedy: elsewhere }))
  }
  const access = await accessProblem(path, stats)
  if (access !== null) return wrong(access)
  if (expected.format === 'qcow2' && !(await startsAsQcow2(path))) {
    const text = `"${path}" is not a qcow2 image any more.`
    return wrong(new FloeError('restore/image-missing', text, { params: { path }, remedy: elsewhere }))
  }
  return { stats, error: null }
}

async function accessProblem(path: string, stats: Stats): Promise<FloeError | null> {
  const folder = dirname(path)
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    await access(path, constants.R_OK)
  } catch (error) {
    return new FloeError('restore/not-writable', `Floe may not replace "${basename(path)}" in "${folder}".`, {
      params: { path, folder },
      remedy: 'Give your user the right to write there, or restore to a new image.',
      cause: error,
    })
  }
  const user = process.geteuid?.()
  if (user !== undefined && user !== 0 && stats.uid !== user) {
    return new FloeError(
      'restore/not-writable',
      `"${path}" belongs to another user, and Floe can't hand it over again.`,
      {
        params: { path, folder, uid: stats.uid },
        remedy: 'Run Floe as that user, or restore to a new image.',
      },
    )
  }
  return null
}

async function startsAsQcow2(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.equals(Buffer.from('QFI\xfb', 'latin1'))
  } finally {
    await handle.close()
  }
}
