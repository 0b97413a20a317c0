/** What the worker is started with. */
export interface IndexTask {
  /** Unix socket of a server that serves the image. */
  readonly socketPath: string
  /** Under which the server knows it; a `qemu-nbd` has only one, without a name. */
  readonly exportName?: string
  /** Bytes of one read; a whole chunk when missing. */
  readonly readBytes?: number
  /** `read`: the server is not believed where it says that there are only zeroes. */
  readonly holes?: 'skipped' | 'read'
  /** Everything is read when missing. */
  readonly part?: IndexPart
  /** Of a `Pace`: holds reading up or back; never when missing. */
  readonly pace?: Int32Array<SharedArrayBuffer>
}

/** Reading only what may have changed. */
export interface IndexPart {
  /** Numbers of the chunks to read, in order. */
  readonly chunks: Uint32Array
  /** The hashes of all other chunks, as in a content index of the same size. */
  readonly hashes: Uint8Array
}

/** A chunk that the server could not read. */
export interface UnreadableChunk {
  readonly chunk: number
  readonly text: string
}

/** What the worker says. `totalBytes` counts the data to read, not the disk's size. */
export type IndexMessage =
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | {
      readonly kind: 'done'
      readonly virtualSize: number
      readonly hashes: Uint8Array
      readonly unreadable: readonly UnreadableChunk[]
    }
  | { readonly kind: 'failed'; readonly text: string }
