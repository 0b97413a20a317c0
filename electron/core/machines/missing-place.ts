import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** The first folder (or drive) or image that is not where it was; null when all images are there or none is known. */
export async function missingPlace(imagePaths: readonly string[]): Promise<string | null> {
  for (const path of imagePaths) {
    if (await exists(path)) continue
    let missing = path
    while (dirname(missing) !== missing && !(await exists(dirname(missing)))) missing = dirname(missing)
    return missing
  }
  return null
}
