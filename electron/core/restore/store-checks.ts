// Destinations hold restore points and nothing else: no image in their store is ever swapped, and nothing is restored
// into it, where it would be deleted together with a point.
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { FloeError } from '../errors.ts'
import type { Repository } from '../repository/types.ts'

async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(async () =>
    join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path)),
  )
}

/** The path of the destination in whose store a path lies, links followed; null when in none. */
export async function storeOf(path: string, repository: Pick<Repository, 'destinations'>): Promise<string | null> {
  const real = await realPathOf(path)
  for (const destination of repository.destinations()) {
    const store = join(await realPathOf(destination.path), 'machines')
    const within = relative(store, real)
    if (!within.startsWith('..') && !within.startsWith('/')) return destination.path
  }
  return null
}

export function imageIsStored(path: string, destination: string): FloeError {
  return new FloeError(
    'restore/image-shared',
    `The machine runs from "${path}", which is part of the restore points in "${destination}".`,
    {
      params: { path, destination },
      remedy: 'Restore to a new image and let the machine use that: its restore points must stay as they are.',
    },
  )
}
