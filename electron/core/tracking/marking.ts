// Marks ranges in a dirty bitmap. QEMU has no command for that, but it marks what is written: a helper node that keeps
// nothing (`null-co`) is served for writing, and zeroes are written to the ranges. The bitmap is then merged to where it
// is needed; the guest's disks are never written to.
import { setTimeout as wait } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import { aligned, bytesIn, type Extent, type Extents } from '../extents/extents.ts'
import { readDirty } from '../nbd/bitmap.ts'
import { NbdClient } from '../nbd/client.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { type BitmapPlace, bitmapGranularity, borrowBitmap } from './commands.ts'

/** The helper for one disk. The names are the caller's; its export is named like its node. */
export interface MarkedDisk {
  /** Of the disk, in bytes: only bitmaps of one size can be merged. */
  readonly size: number
  readonly bitmap: BitmapPlace
}

/** Bytes of one request; a length has 32 bits on the wire. */
const longestMark = 1 << 30
/** QEMU holds the zeroes of a request in memory, up to 16 MiB: large ones go one by one, small ones many at a time. */
const smallMark = 1 << 20
const lanes = 16
const removedWithinMs = 30_000

/**
 * Makes the helper, and its bitmap marks `extents` (grown to whole steps of the granularity) from then on. The NBD server
 * that listens on `socketPath` is the caller's, and runs. What an earlier attempt left is replaced.
 * @throws FloeError `machine/qemu-refused`, the session's errors, NbdConnectionError, NbdServerError
 */
export async function markExtents(
  session: QmpSession,
  { size, bitmap }: MarkedDisk,
  extents: Extents,
  socketPath: string,
): Promise<void> {
  const { node } = bitmap
  await addHelper(session, { size, bitmap })
  await session.execute('block-export-add', { type: 'nbd', id: node, 'node-name': node, name: node, writable: true })
  try {
    await write(socketPath, node, extents)
  } finally {
    await removeExport(session, node)
  }
  const marked = await markedBytes(session, bitmap)
  const wanted = bytesIn(aligned(extents, bitmapGranularity, size))
  // The last mark of a disk may count in full, past the disk's end.
  if (marked >= wanted && marked < wanted + bitmapGranularity) return
  throw new FloeError('machine/qemu-refused', `QEMU marked ${marked} bytes as different instead of ${wanted}.`, {
    params: { command: 'block-dirty-bitmap', qmpClass: 'GenericError', text: `${marked} of ${wanted} bytes` },
  })
}

/** What is written to the helper is marked in its bitmap. What an earlier attempt left is replaced. @throws the session's errors */
export async function addHelper(session: QmpSession, helper: MarkedDisk): Promise<void> {
  const { node, name } = helper.bitmap
  await removeMarks(session, [helper])
  await session.execute('blockdev-add', { driver: 'null-co', 'node-name': node, size: helper.size })
  await session.execute('block-dirty-bitmap-add', { node, name, granularity: bitmapGranularity, persistent: false })
}

async function write(socketPath: string, exportName: string, extents: Extents): Promise<void> {
  const client = await NbdClient.connect(socketPath, { exportName })
  const mark = async (pieces: Iterable<Extent>) => {
    for (const { offset, length } of pieces) await client.writeZeroes(offset, length)
  }
  try {
    const small = extents.filter(({ length }) => length <= smallMark).values()
    await Promise.all(Array.from({ length: lanes }, () => mark(small)))
    await mark(piecesOf(extents.filter(({ length }) => length > smallMark)))
  } finally {
    client.close()
  }
}

function* piecesOf(extents: Extents): Generator<Extent> {
  for (const { offset, length } of extents) {
    for (let at = 0; at < length; at += longestMark) {
      yield { offset: offset + at, length: Math.min(longestMark, length - at) }
    }
  }
}

/**
 * What a bitmap that goes on recording marks at this moment. A copy of it is served by a helper, which is gone again at
 * the end. The NBD server that listens on `socketPath` is the caller's, and runs.
 * @throws the session's errors, FloeError `machine/timeout`, NbdConnectionError, NbdServerError
 */
export async function readMarks(
  session: QmpSession,
  from: BitmapPlace,
  helper: MarkedDisk,
  socketPath: string,
): Promise<Extents> {
  const { node, name } = helper.bitmap
  await removeMarks(session, [helper])
  try {
    await session.execute('blockdev-add', { driver: 'null-co', 'node-name': node, size: helper.size })
    await session.execute('transaction', { actions: borrowBitmap({ from, to: helper.bitmap }) })
    const served = { type: 'nbd', id: node, 'node-name': node, name: node, writable: false, bitmaps: [name] }
    await session.execute('block-export-add', served)
    const client = await NbdClient.connect(socketPath, { exportName: node, dirtyBitmap: name })
    try {
      return await readDirty(client)
    } finally {
      client.close()
    }
  } finally {
    await removeMarks(session, [helper])
  }
}

/** Bytes that a bitmap marks; 0 when it is not there. @throws the session's errors */
export async function markedBytes(session: QmpSession, { node, name }: BitmapPlace): Promise<number> {
  const nodes = await session.execute<
    { 'node-name'?: string; 'dirty-bitmaps'?: readonly { name?: string; count: number }[] }[]
  >('query-named-block-nodes', { flat: true })
  const bitmaps = nodes.find((each) => each['node-name'] === node)?.['dirty-bitmaps'] ?? []
  return bitmaps.find((each) => each.name === name)?.count ?? 0
}

/**
 * Nothing of the helpers is left. Repeatable, also after a restart of Floe.
 * @throws QmpExecuteError when a helper is still in use, FloeError `machine/timeout`
 */
export async function removeMarks(session: QmpSession, marked: readonly Pick<MarkedDisk, 'bitmap'>[]): Promise<void> {
  const nodes = new Set(marked.map(({ bitmap }) => bitmap.node))
  const present = await session.execute<{ 'node-name'?: string }[]>('query-named-block-nodes', { flat: true })
  for (const { 'node-name': node } of present) {
    if (node === undefined || !nodes.has(node)) continue
    await removeExport(session, node)
    await session.execute('blockdev-del', { 'node-name': node })
  }
}

async function removeExport(session: QmpSession, id: string): Promise<void> {
  const isThere = async () => {
    const exports = await session.execute<readonly { readonly id: string }[]>('query-block-exports')
    return exports.some((each) => each.id === id)
  }
  const deadline = performance.now() + removedWithinMs
  while (await isThere()) {
    // Hard: nobody but us reads it, and it may be going already (qemu.md 5.5).
    await session.execute('block-export-del', { id, mode: 'hard' }).catch((error: unknown) => {
      if (!(error instanceof QmpExecuteError)) throw error
    })
    if (performance.now() > deadline) {
      throw new FloeError('machine/timeout', `QEMU did not let go of the export ${id}.`, { params: { export: id } })
    }
    await wait(10)
  }
}
