import { Worker } from 'node:worker_threads'
import { FloeError } from '../../errors.ts'
import { serveImage } from '../../nbd/server.ts'
import type { Ports } from '../../ports/index.ts'
import { interrupted } from '../../qemu-img/index.ts'
import type { ContentIndex } from './format.ts'
import type { IndexMessage, IndexTask, UnreadableChunk } from './worker-messages.ts'

/** The content of an image, and the chunks that could not be read (their hashes mean nothing). */
export interface ComputedIndex {
  readonly index: ContentIndex
  readonly unreadable: readonly UnreadableChunk[]
}

/** Reading ended early: by the tool, the connection or the worker. `task` tells it from an image that cannot be opened. */
function readingFailed(path: string, text: string, cause: unknown): FloeError {
  return new FloeError('system/tool-failed', `Reading the image "${path}" with qemu-nbd ended early: ${text}`, {
    params: { tool: 'qemu-nbd', task: 'read', output: text },
    remedy: 'Try again. If it happens again, check the drive.',
    cause,
  })
}

/**
 * Reads an image (with its backing chain) through `qemu-nbd` and hashes it in a worker. Aborting ends both at once.
 * `from-drive` reads past the system's memory of the file, so that a fault of the drive is seen.
 * Progress counts data bytes and comes at most four times a second.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`, `system/interrupted`
 */
export async function computeContentIndex(
  ports: Pick<Ports, 'env' | 'indexWorker'>,
  image: { readonly path: string; readonly format: string },
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
  reading: 'cached' | 'from-drive' = 'cached',
): Promise<ComputedIndex> {
  await using server = await serveImage(image, { env: ports.env, signal, reading })
  const task: IndexTask = { socketPath: server.socketPath }
  const worker = new Worker(ports.indexWorker, { workerData: task, execArgv: [], name: 'content-index' })
  let abort = () => {}
  try {
    return await new Promise<ComputedIndex>((resolve, reject) => {
      abort = () => reject(interrupted(`read "${image.path}"`))
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      const fail = (text: string, cause?: unknown) => reject(readingFailed(image.path, text, cause))
      worker.on('error', (error) => fail(error.message, error))
      worker.on('exit', (code) => fail(`The worker ended with status ${code}.`))
      worker.on('message', (message: IndexMessage) => {
        if (message.kind === 'progress') {
          if (!signal.aborted) onProgress(message.doneBytes, message.totalBytes)
        } else if (message.kind === 'failed') fail(message.text)
        else {
          const { virtualSize, hashes, unreadable } = message
          resolve({ index: { virtualSize, hashes }, unreadable })
        }
      })
    })
  } finally {
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}
