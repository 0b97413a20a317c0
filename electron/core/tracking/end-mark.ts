// A disk that is made smaller and larger again loses the marks of what was cut off, and QEMU tells nobody (docs/qmp.md). So
// each bitmap has a companion that records nothing and in which only the last mark of the disk is set: any cut clears it,
// and nothing sets it again.
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { type BitmapPlace, bitmapGranularity, lastPiece } from './commands.ts'
import { addHelper, markedBytes, removeMarks } from './marking.ts'
import { endMarkOf } from './naming.ts'
import { removeBitmaps } from './tidy.ts'
import type { NewBitmap } from './types.ts'

/** One for all: a lease of the connection has one user, and what a killed Floe left is replaced. */
const helper: BitmapPlace = { node: 'floe-end-mark', name: 'floe-end-mark' }

interface EndOfDisk {
  /** The disk's own, below any filter. */
  readonly node: string
  /** The bitmap that is to begin. */
  readonly bitmap: NewBitmap
  /** Of the disk, in bytes: only bitmaps of one size can be merged. */
  readonly size: number
}

/**
 * Before the bitmap begins, so that no cut goes unnoticed. The guest's disk is not written to: the mark is made on a node
 * that keeps nothing, and merged. One of an earlier attempt is replaced.
 * @throws QmpExecuteError also when QEMU did not mark what it was asked to; the session's errors
 */
export async function setEndMark(session: QmpSession, { node, bitmap, size }: EndOfDisk): Promise<void> {
  const name = endMarkOf(bitmap.name)
  try {
    await addHelper(session, { size, bitmap: helper })
    await writeLast(session, size)
    await removeBitmaps(session, node, [name])
    const end = { node, name, granularity: bitmapGranularity, persistent: bitmap.persistent, disabled: true }
    await session.execute('block-dirty-bitmap-add', end)
    await session.execute('block-dirty-bitmap-merge', { node, target: name, bitmaps: [helper] })
  } finally {
    await removeEndMarker(session)
  }
}

/** QMP cannot write to a node; its monitor for people can, and answers in words. So the mark itself is looked at. */
async function writeLast(session: QmpSession, size: number): Promise<void> {
  const length = lastPiece(size)
  const command = 'human-monitor-command'
  const line = `qemu-io ${helper.node} "write -z ${size - length} ${length}"`
  const said = await session.execute<string>(command, { 'command-line': line })
  if ((await markedBytes(session, helper)) === bitmapGranularity) return
  throw new QmpExecuteError(
    command,
    'GenericError',
    `The end of a disk of ${size} bytes was not marked: ${said.trim()}`,
  )
}

/** What a broken connection may leave. @throws as `removeMarks` */
export const removeEndMarker = (session: QmpSession): Promise<void> => removeMarks(session, [{ bitmap: helper }])
