import { stat } from 'node:fs/promises'

/**
 * What a file was at one moment. Any write, replacement or resizing by anybody changes one of these: the time of the
 * last change of data (`mtimeNs`) can be set back by hand, the time of the last change of the file (`ctimeNs`) cannot.
 */
export interface FileFacts {
  readonly path: string
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

/** @throws the system's error for a file that cannot be looked at */
export async function factsOf(path: string): Promise<FileFacts> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  return { path, dev, ino, size, mtimeNs, ctimeNs }
}

/** What became of the file since, as a sentence; null when it is as it was. */
export async function changeSince(before: FileFacts): Promise<string | null> {
  let now: FileFacts
  try {
    now = await factsOf(before.path)
  } catch (error) {
    return `${before.path} is not there any more (${error instanceof Error ? error.message : String(error)}).`
  }
  if (now.dev !== before.dev || now.ino !== before.ino) return `Another file took the place of ${before.path}.`
  if (now.size !== before.size) return `${before.path} has another size.`
  if (now.mtimeNs !== before.mtimeNs) return `${before.path} was written to.`
  return now.ctimeNs === before.ctimeNs ? null : `${before.path} was changed.`
}

/** One sentence for each file that is not as it was. */
export async function changesSince(before: readonly FileFacts[]): Promise<readonly string[]> {
  return (await Promise.all(before.map(changeSince))).filter((change) => change !== null)
}
