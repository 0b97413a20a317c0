import { aligned, difference, type Extent, type Extents, extentsOf, piecesOf } from '../extents/extents.ts'
import { NbdClient } from '../nbd/client.ts'
import { NbdConnectionError, NbdServerError } from '../nbd/errors.ts'
import { chunkCount, chunkSize, hashSize } from '../repository/content-index/format.ts'
import type { IndexPart } from '../repository/content-index/worker-messages.ts'

/** Of the filter that keeps the instant. */
const clusterSize = 65536
/** Block status is asked for in steps of this many bytes (its length field has 32 bits). */
const statusStep = 2 ** 31

/**
 * The chunks of an instant that may hold data. Where QEMU 7.0 to 7.2 says that there are only zeroes, the guest may have
 * zeroed since what held data then (docs/qmp.md); it is right where the guest wrote nothing. So what changed is asked
 * after it, in a transaction, before which QEMU ends all writes that are under way: none is marked later. Null: all may.
 */
export async function partWithData(
  { socketPath, exportName }: { readonly socketPath: string; readonly exportName: string },
  changedSince: () => Promise<Extents | null>,
  failed: (text: string, cause?: unknown) => Error,
): Promise<IndexPart | null> {
  try {
    const client = await NbdClient.connect(socketPath, { exportName })
    const { size, knowsZeroes } = client
    const zeroes = knowsZeroes ? await zeroesOf(client).finally(() => client.close()) : []
    client.close()
    const changed = await changedSince()
    if (changed === null) return null
    const surelyZero = difference(zeroes, aligned(changed, clusterSize, size))
    const data = difference(extentsOf([{ offset: 0, length: size }]), surelyZero)
    const chunks = Uint32Array.from(piecesOf(data, chunkSize))
    return { chunks, hashes: new Uint8Array(chunkCount(size) * hashSize) }
  } catch (error) {
    if (error instanceof NbdServerError || error instanceof NbdConnectionError) throw failed(error.message, error)
    throw error
  }
}

async function zeroesOf(client: NbdClient): Promise<Extents> {
  const zeroes: Extent[] = []
  for (let at = 0; at < client.size; ) {
    const runs = await client.blockStatus(at, Math.min(statusStep, client.size - at))
    if (runs.length === 0) throw new NbdConnectionError('The NBD server told nothing about a part of the disk.')
    for (const { length, zero } of runs) {
      const end = Math.min(at + length, client.size)
      if (zero) zeroes.push({ offset: at, length: end - at })
      at = end
    }
  }
  return extentsOf(zeroes)
}
