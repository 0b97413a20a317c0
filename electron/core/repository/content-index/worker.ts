// Entry of the worker that computes content indexes, so that hashing never holds up the main thread. It connects to a
// server that the main thread owns and ends.
import { parentPort, workerData } from 'node:worker_threads'
import { NbdClient } from '../../nbd/client.ts'
import { hashContent } from './hashing.ts'
import type { IndexMessage, IndexTask } from './worker-messages.ts'

function tell(message: IndexMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

async function work(task: IndexTask): Promise<void> {
  const client = await NbdClient.connect(task.socketPath, { exportName: task.exportName ?? '' })
  try {
    const onProgress = (doneBytes: number, totalBytes: number) => tell({ kind: 'progress', doneBytes, totalBytes })
    const { hashes, unreadable } = await hashContent(client, onProgress, task)
    tell({ kind: 'done', virtualSize: client.size, hashes, unreadable }, [hashes.buffer as ArrayBuffer])
  } finally {
    client.close()
  }
}

work(workerData as IndexTask).catch((error: unknown) => {
  tell({ kind: 'failed', text: error instanceof Error ? error.message : String(error) })
})
