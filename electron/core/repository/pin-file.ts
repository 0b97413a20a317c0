// `pinned.json` in a point's folder: the person wants to keep this point. It lies there and not in the home, so that it
// holds for whoever uses the destination.
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import { pinnedFile } from './names.ts'
import { readPlainText } from './plain-file.ts'
import { seal, unseal } from './sealed-json.ts'

const format = 'floe-pin'

/** Is the point pinned? A file that cannot be read or trusted counts as a pin: nothing is lost by keeping a point. */
export async function readPinned(folder: string): Promise<boolean> {
  let text: string
  try {
    text = await readPlainText(join(folder, pinnedFile))
  } catch (error) {
    return !isMissing(error)
  }
  const unsealed = unseal(text, format, 1)
  return !(unsealed.kind === 'sound' && unsealed.value.pinned === false)
}

/** Durable when it returns. Rejects with the system's error. */
export async function writePinned(folder: string, pointId: PointId, pinned: boolean, at: string): Promise<void> {
  const path = join(folder, pinnedFile)
  if (pinned) {
    await writeDurably(path, seal({ format, version: 1, pointId, pinned, at }))
    return
  }
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  await syncFolder(folder)
}
