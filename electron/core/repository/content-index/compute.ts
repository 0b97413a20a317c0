import { constants, setPriority } from 'node:os'
import { FloeError } from '../../errors.ts'
import { serveImage } from '../../nbd/server.ts'
import type { Ports } from '../../ports/index.ts'
import { type ComputedIndex, hashServed } from './hash-served.ts'
import type { Pace } from './pace.ts'
import type { IndexPart, IndexTask } from './worker-messages.ts'

export type { ComputedIndex } from './hash-served.ts'

/** Reading ended early: by the tool, the connection or the worker. `task` tells it from an image that cannot be opened. */
function readingFailed(path: string, text: string, cause: unknown): FloeError {
  return new FloeError('system/tool-failed', `Reading the image "${path}" with qemu-nbd ended early: ${text}`, {
    params: { tool: 'qemu-nbd', task: 'read', output: text },
    remedy: 'Try again. If it happens again, check the drive.',
    cause,
  })
}

/** The process works on when nothing else wants to, as far as the system lets it. */
function giveWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended already, or nobody may do that here: it is read all the same.
  }
}

/**
 * Reads an image (with its backing chain) through `qemu-nbd` and hashes it in a worker. Aborting ends both at once.
 * `from-drive` reads past the system's memory of the file, so that a fault of the drive is seen.
 * With `part`, only those chunks are read; an image of another size than the part's is read whole.
 * With `pace`, reading gives way to others, and is held up when it says so.
 * Progress counts data bytes and comes at most four times a second.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`, `system/interrupted`
 */
export async function computeContentIndex(
  ports: Pick<Ports, 'env' | 'indexWorker'>,
  image: { readonly path: string; readonly format: string },
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
  reading: 'cached' | 'from-drive' = 'cached',
  part: IndexPart | null = null,
  pace: Pace | null = null,
): Promise<ComputedIndex> {
  await using server = await serveImage(image, { env: ports.env, signal, reading })
  if (pace) giveWay(server.pid)
  const { socketPath } = server
  const task: IndexTask = { socketPath, ...(part ? { part } : {}), ...(pace ? { pace: pace.flag } : {}) }
  return await hashServed(ports, task, {
    onProgress,
    signal,
    task: `read "${image.path}"`,
    failed: (text, cause) => readingFailed(image.path, text, cause),
  })
}
