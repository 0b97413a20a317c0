// Reads what a disk holds at an instant, through an NBD export of QEMU's, and compares it with what an earlier restore
// point holds. Where tracking was lost this costs reading, never a full copy; and it is how a finished point is proved.
import { FloeError } from '../errors.ts'
import type { Extents } from '../extents/extents.ts'
import type { Ports } from '../ports/index.ts'
import type { ContentIndex } from '../repository/content-index/format.ts'
import { hashServed } from '../repository/content-index/hash-served.ts'
import type { Pace } from '../repository/content-index/pace.ts'
import { differingChunks } from './differing.ts'
import { partWithData } from './holes.ts'

/** An instant that a server of QEMU's shows. `machineName`: for the words of an error. */
export interface ServedInstant {
  readonly socketPath: string
  readonly exportName: string
  readonly machineName?: string
  /**
   * What the guest wrote since the instant, asked when it is needed; null when nobody can tell. Then, and without it,
   * every byte is read, empty areas too.
   */
  readonly changedSince?: () => Promise<Extents | null>
  /** How fast it may be read; as fast as it goes when missing. */
  readonly pace?: Pace
}

/** Bytes to read: what is known to be zeroes does not count. */
export type TellProgress = (doneBytes: number, totalBytes: number) => void

/** What differs from the parent point in whole chunks, and the whole content of the instant. */
export interface Comparison {
  readonly differing: Extents
  readonly index: ContentIndex
}

/** One cluster of the filter that keeps the instant: larger reads can show what came later (QEMU 7.0 to 7.2, docs/qmp.md). */
const readBytes = 65536

/**
 * What the instant holds. An instant that was given up, or cannot be read to its end, is an error.
 * @throws FloeError `backup/snapshot-lost`, `backup/read-error`, `system/interrupted`
 */
export async function readInstant(
  ports: Pick<Ports, 'indexWorker'>,
  instant: ServedInstant,
  onProgress: TellProgress,
  signal: AbortSignal,
): Promise<ContentIndex> {
  const { socketPath, exportName, changedSince, pace } = instant
  const failed = (text: string, cause?: unknown) => unreadableInstant(instant, text, cause)
  const part = changedSince ? await partWithData(instant, changedSince, failed) : null
  const { index, unreadable } = await hashServed(
    ports,
    {
      socketPath,
      exportName,
      readBytes,
      holes: 'read',
      ...(part ? { part } : {}),
      ...(pace ? { pace: pace.flag } : {}),
    },
    { onProgress, signal, task: `read the disk "${exportName}" at its instant`, failed },
  )
  const first = unreadable[0]
  if (first) throw unreadableInstant(instant, first.text)
  return index
}

/**
 * @param parent what the disk held in the restore point to compare with
 * @throws FloeError `backup/parent-lost` when the disk has another size, and as `readInstant`
 */
export async function compareInstant(
  ports: Pick<Ports, 'indexWorker'>,
  instant: ServedInstant,
  parent: ContentIndex,
  onProgress: TellProgress,
  signal: AbortSignal,
): Promise<Comparison> {
  const index = await readInstant(ports, instant, onProgress, signal)
  if (index.virtualSize !== parent.virtualSize) {
    const text = `It has ${index.virtualSize} bytes now, and ${parent.virtualSize} in the restore point.`
    throw new FloeError(
      'backup/parent-lost',
      `The disk ${instant.exportName} cannot be compared with the restore point. ${text}`,
      { params: { disk: instant.exportName, text }, remedy: 'Back up again.' },
    )
  }
  return { differing: differingChunks(parent, index), index }
}

/** QEMU refuses reads of a snapshot that it gave up, and even to say where its data is; there is no other sign of it. */
function unreadableInstant({ exportName: disk, machineName }: ServedInstant, text: string, cause?: unknown): FloeError {
  const lost = /permission denied|can't get block status|EPERM|EACCES/i.test(text)
  const params = { disk, text, ...(machineName === undefined ? {} : { machine: machineName }) }
  if (lost) {
    return new FloeError(
      'backup/snapshot-lost',
      `The instant of the disk ${disk} was lost while it was read: ${text}`,
      {
        params,
        cause,
      },
    )
  }
  return new FloeError('backup/read-error', `The disk ${disk} could not be read: ${text}`, { params, cause })
}
