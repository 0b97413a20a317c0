import { Worker } from 'node:worker_threads'
import type { FloeError } from '../../errors.ts'
import type { Ports } from '../../ports/index.ts'
import { interrupted } from '../../qemu-img/index.ts'
import type { ContentIndex } from './format.ts'
import type { IndexMessage, IndexTask, UnreadableChunk } from './worker-messages.ts'

/** The content of an image, and the chunks that could not be read (their hashes mean nothing). */
export interface ComputedIndex {
  readonly index: ContentIndex
  readonly unreadable: readonly UnreadableChunk[]
}

/** `task` completes "Floe was told to stop while it wanted to ..."; `failed` words a reading that ended early. */
interface Reading {
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
  readonly signal: AbortSignal
  readonly task: string
  readonly failed: (text: string, cause?: unknown) => FloeError
}

/**
 * Hashes what an NBD server serves in a worker, which an abort ends at once. Progress counts data bytes and comes at most
 * four times a second.
 * @throws what `failed` makes, FloeError `system/interrupted`
 */
export async function hashServed(
  ports: Pick<Ports, 'indexWorker'>,
  served: IndexTask,
  { onProgress, signal, task, failed }: Reading,
): Promise<ComputedIndex> {
  const worker = new Worker(ports.indexWorker, { workerData: served, execArgv: [], name: 'content-index' })
  let abort = () => {}
  try {
    return await new Promise<ComputedIndex>((resolve, reject) => {
      abort = () => reject(interrupted(task))
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      const fail = (text: string, cause?: unknown) => reject(failed(text, cause))
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
