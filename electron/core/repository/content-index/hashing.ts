import type { NbdClient } from '../../nbd/client.ts'
import { NbdServerError } from '../../nbd/errors.ts'
import { chunkCount, chunkLength, chunkSize, hashSize, sha256 } from './format.ts'
import { turnsOf } from './pace.ts'
import type { IndexPart, UnreadableChunk } from './worker-messages.ts'

/** Reads in flight: enough that the server reads ahead while a chunk is hashed. One chunk of memory each. */
const lanes = 8
/** Block status is asked for in steps of this many bytes (its length field has 32 bits). */
const statusStep = 2 ** 31
const progressInterval = 250

/** How it is read, as in the worker's task. */
export interface Reading {
  readonly readBytes?: number | undefined
  readonly part?: IndexPart | null | undefined
  readonly pace?: Int32Array<SharedArrayBuffer> | null | undefined
  readonly holes?: 'skipped' | 'read' | undefined
}

export interface HashedContent {
  readonly hashes: Uint8Array
  readonly unreadable: readonly UnreadableChunk[]
}

/** Stretches of the disk that are asked about, in bytes. */
function* stretches(size: number, part: IndexPart | null): Generator<{ offset: number; end: number }> {
  if (part === null) {
    if (size > 0) yield { offset: 0, end: size }
    return
  }
  let first = 0
  for (let at = 0; at < part.chunks.length; at += 1) {
    const chunk = part.chunks[at] as number
    if (part.chunks[at + 1] === chunk + 1) continue
    yield { offset: (part.chunks[first] as number) * chunkSize, end: Math.min(size, (chunk + 1) * chunkSize) }
    first = at + 1
  }
}

/** Chunks among those asked about that hold anything but known zeroes. */
async function chunksToRead(client: NbdClient, part: IndexPart | null, holes: 'skipped' | 'read'): Promise<number[]> {
  if (!client.knowsZeroes || holes === 'read') {
    return part ? [...part.chunks] : Array.from({ length: chunkCount(client.size) }, (_, chunk) => chunk)
  }
  const needed: number[] = []
  let next = 0
  for (const { offset, end } of stretches(client.size, part)) {
    let at = offset
    while (at < end) {
      const extents = await client.blockStatus(at, Math.min(statusStep, end - at))
      if (extents.length === 0) throw new Error('The NBD server told nothing about a part of the image.')
      for (const extent of extents) {
        const until = Math.min(at + extent.length, end)
        if (!extent.zero) {
          const last = Math.ceil(until / chunkSize)
          for (let chunk = Math.max(next, Math.floor(at / chunkSize)); chunk < last; chunk += 1) needed.push(chunk)
          next = Math.max(next, last)
        }
        at = until
      }
    }
  }
  return needed
}

/** The hashes that are known before anything is read: none of those to read. */
function knownHashes(size: number, part: IndexPart | null): Uint8Array<ArrayBuffer> {
  const hashes = new Uint8Array(chunkCount(size) * hashSize)
  if (part === null) return hashes
  hashes.set(part.hashes)
  for (const chunk of part.chunks) hashes.fill(0, chunk * hashSize, (chunk + 1) * hashSize)
  return hashes
}

/** Fills `into` by reads of at most `readBytes`. None of them is under way any more when it fails. */
async function readPieces(client: NbdClient, offset: number, into: Uint8Array, readBytes: number): Promise<void> {
  const reads: Promise<void>[] = []
  for (let at = 0; at < into.length; at += readBytes) {
    reads.push(client.read(offset + at, into.subarray(at, Math.min(at + readBytes, into.length))))
  }
  const failed = (await Promise.allSettled(reads)).find((read) => read.status === 'rejected')
  if (failed) throw failed.reason
}

/**
 * Hashes an image chunk by chunk, skipping what is known to be zeroes. With a `part`, only those chunks, unless they are
 * of a disk of another size. Tells progress at most four times a second.
 */
export async function hashContent(
  client: NbdClient,
  onProgress: (doneBytes: number, totalBytes: number) => void,
  { readBytes = chunkSize, part: wished = null, pace = null, holes = 'skipped' }: Reading = {},
): Promise<HashedContent> {
  const part = wished?.hashes.length === chunkCount(client.size) * hashSize ? wished : null
  const hashes = knownHashes(client.size, part)
  const unreadable: UnreadableChunk[] = []
  const needed = await chunksToRead(client, part, holes)
  const totalBytes = needed.reduce((sum, chunk) => sum + chunkLength(client.size, chunk), 0)
  let doneBytes = 0
  let toldAt = performance.now()
  onProgress(0, totalBytes)

  const zeroes = Buffer.alloc(chunkSize)
  const queue = needed.values()
  const myTurn = turnsOf(pace)
  const work = async () => {
    const buffer = Buffer.allocUnsafeSlow(chunkSize)
    for (const chunk of queue) {
      const into = buffer.subarray(0, chunkLength(client.size, chunk))
      await myTurn(into.length)
      try {
        await readPieces(client, chunk * chunkSize, into, readBytes)
        if (!into.equals(zeroes.subarray(0, into.length))) hashes.set(sha256(into), chunk * hashSize)
      } catch (error) {
        if (!(error instanceof NbdServerError)) throw error
        unreadable.push({ chunk, text: error.message })
      }
      doneBytes += into.length
      if (performance.now() - toldAt < progressInterval) continue
      toldAt = performance.now()
      onProgress(doneBytes, totalBytes)
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, needed.length) }, work))
  onProgress(totalBytes, totalBytes)
  return { hashes, unreadable: unreadable.sort((a, b) => a.chunk - b.chunk) }
}
