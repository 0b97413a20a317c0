// One disk of an export as a stream of raw bytes, front to back, reading ahead a little and not reading what is empty.
import { NbdClient } from '../../../core/nbd/client.ts'

const pieceBytes = 1 << 20
const readAhead = 4
/** How far one question about empty areas reaches. */
const windowBytes = 256 << 20

interface Piece {
  readonly offset: number
  readonly length: number
  readonly zero: boolean
}

/** @throws NbdConnectionError, NbdServerError, and whatever `write` throws */
export async function readDisk(
  place: { readonly socketPath: string; readonly exportName: string },
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<{ readonly bytes: number }> {
  const client = await NbdClient.connect(place.socketPath, { exportName: place.exportName })
  const zeroes = new Uint8Array(pieceBytes)
  const waiting: Promise<Uint8Array>[] = []
  const read = async ({ offset, length }: Piece): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length)
    await client.read(offset, bytes)
    return bytes
  }
  const writeNext = async () => {
    const next = waiting.shift()
    if (next) await write(await next)
  }
  let bytes = 0
  try {
    for await (const piece of pieces(client)) {
      const content = piece.zero ? Promise.resolve(zeroes.subarray(0, piece.length)) : read(piece)
      // It is waited for in its turn; until then its failure is nobody's surprise.
      content.catch(() => {})
      waiting.push(content)
      bytes += piece.length
      if (waiting.length >= readAhead) await writeNext()
    }
    while (waiting.length > 0) await writeNext()
  } finally {
    client.close()
  }
  return { bytes }
}

async function* pieces(client: NbdClient): AsyncGenerator<Piece> {
  let offset = 0
  while (offset < client.size) {
    for (const { length, zero } of await extents(client, offset)) {
      const end = Math.min(offset + length, client.size)
      while (offset < end) {
        const piece = { offset, length: Math.min(pieceBytes, end - offset), zero }
        offset += piece.length
        yield piece
      }
    }
  }
}

async function extents(client: NbdClient, offset: number) {
  const length = Math.min(windowBytes, client.size - offset)
  const told = client.knowsZeroes ? await client.blockStatus(offset, length) : []
  return told.length > 0 ? told : [{ length, zero: false }]
}
