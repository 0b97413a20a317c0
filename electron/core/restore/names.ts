import { basename, dirname, extname, join } from 'node:path'
import { FloeError } from '../errors.ts'

/** Most file systems end names at 255 bytes. */
const nameLimit = 255

function shorten(stem: string, tail: string): string {
  let short = stem
  while (Buffer.byteLength(short + tail) > nameLimit) short = [...short].slice(0, -1).join('')
  return short + tail
}

const two = (value: number) => String(value).padStart(2, '0')

/**
 * `<stem>.undo-<MMDD-HHMM>[-n].<ext>` beside the image, local time; the first that `taken` does not hold.
 */
export function undoPathOf(imagePath: string, at: Date, taken: (path: string) => boolean): string {
  const name = basename(imagePath)
  const extension = extname(name)
  const stem = extension === '' ? name : name.slice(0, -extension.length)
  const time = `${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`
  for (let count = 1; count < 10_000; count++) {
    const tail = `.undo-${time}${count === 1 ? '' : `-${count}`}${extension}`
    const path = join(dirname(imagePath), shorten(stem, tail))
    if (!taken(path)) return path
  }
  throw new FloeError('restore/target-exists', `There are too many undo copies beside "${imagePath}".`)
}

/** The image while it is built: same folder, so that a rename is atomic. */
export function restoringPathOf(imagePath: string, restoreId: string): string {
  return join(dirname(imagePath), shorten(basename(imagePath), `.restoring-${restoreId}`))
}

/** What keeps other Floes from an image while it is swapped. */
export function swapLockOf(imagePath: string): string {
  return join(dirname(imagePath), shorten(`.${basename(imagePath)}`, '.floe-swap'))
}

/** A part of a file name that is safe on every file system and in every shell. */
function safe(text: string): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
    .replace(/[.-]+$/, '')
  return shorten([...plain].slice(0, 60).join(''), '') || 'disk'
}

/** `<machine>-<disk>-<UTC time of the point>.<format>` */
export function newImageName(machineName: string, diskId: string, createdAt: string, format: 'qcow2' | 'raw'): string {
  const time = new Date(createdAt).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return shorten(`${safe(machineName)}-${safe(diskId)}`, `-${time}.${format}`)
}
