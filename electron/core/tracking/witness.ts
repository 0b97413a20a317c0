import { createHash, randomUUID } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'

/** Fits nothing, so that nobody relies on what could not be looked at. */
export const unsureWitness = (): string => `unsure-${randomUUID()}`

/**
 * A fingerprint of the backing files of an image, nearest first: where they are and what any write or replacement
 * changes. Null when there are none. Their device number is left out: it may change with a restart of the computer, and
 * says nothing that the path does not.
 */
export async function witnessOf(backingChain: readonly string[]): Promise<string | null> {
  if (backingChain.length === 0) return null
  const hash = createHash('sha256')
  try {
    for (const path of backingChain) {
      const { ino, size, mtimeNs } = await stat(path, { bigint: true })
      hash.update(`${JSON.stringify([await realpath(path), `${ino}`, `${size}`, `${mtimeNs}`])}\n`)
    }
  } catch {
    return unsureWitness()
  }
  return hash.digest('hex')
}
