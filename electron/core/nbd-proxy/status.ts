// Answers to NBD_CMD_BLOCK_STATUS. Where data is, is asked cluster by cluster; what a dirty bitmap marks can be asked
// for any range.
import type { Run } from '../nbd/client.ts'
import { NbdConnectionError, NbdServerError } from '../nbd/errors.ts'
import { errno, stateDirty } from '../nbd/protocol.ts'
import { addRun, cluster, clusterPieces, type Piece } from './clusters.ts'
import type { Line, Range } from './line.ts'
import { allocationId } from './offers.ts'
import { errorChunk, statusChunk } from './replies.ts'

/** Bytes that are asked about together. */
const windowBytes = 32 * cluster
/** Windows that are remembered: readers that want one run at a time ask about the same clusters again and again. */
const rememberedWindows = 8
/** An answer may be shorter than its question; this bounds what a question costs. */
const longestAnswer = 256 << 20
const mostRuns = 8192

interface Question extends Range {
  /** Only one run, and none of it past the range. */
  readonly one: boolean
  /** Ids, smallest first. */
  readonly contexts: readonly number[]
}

/** Of one line: the instant does not change, and so neither do the answers. */
export class StatusAnswers {
  readonly #line: Line
  readonly #windows = new Map<number, Promise<readonly Run[]>>()

  constructor(line: Line) {
    this.#line = line
  }

  async answer({ cookie, offset, length, one, contexts }: Question): Promise<void> {
    try {
      const told: (readonly [id: number, runs: readonly Run[]])[] = []
      for (const id of contexts) {
        const runs =
          id === allocationId ? await this.#allocation(offset, length, one) : await this.#dirty(offset, length)
        told.push([id, one ? runs.slice(0, 1) : runs])
      }
      const chunks = told.map(([id, runs], index) => statusChunk(id, runs, cookie, index === told.length - 1))
      await this.#line.send(Buffer.concat(chunks))
    } catch (error) {
      if (!(error instanceof NbdServerError)) return this.#line.end()
      await this.#line.send(errorChunk(cookie, errno.io))
    }
  }

  async #allocation(offset: number, length: number, one: boolean): Promise<readonly Run[]> {
    const end = Math.min(offset + length, offset + longestAnswer)
    const runs: Run[] = []
    for (let at = offset; at < end && runs.length < mostRuns && !(one && runs.length > 1); ) {
      const start = at - (at % windowBytes)
      const window = this.#window(start)
      if (!one && start + windowBytes < end) this.#window(start + windowBytes).catch(() => {})
      let from = start
      for (const { length: size, flags } of await window) {
        const visible = Math.min(from + size, end) - Math.max(from, at)
        if (visible > 0) addRun(runs, { length: visible, flags })
        from += size
      }
      at = Math.min(start + windowBytes, end)
    }
    return runs
  }

  #window(start: number): Promise<readonly Run[]> {
    const known = this.#windows.get(start)
    if (known) return known
    const asked = askWindow(this.#line, start)
    this.#windows.set(start, asked)
    asked.catch(() => this.#windows.delete(start))
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > rememberedWindows && oldest !== undefined) this.#windows.delete(oldest)
    return asked
  }

  async #dirty(offset: number, length: number): Promise<readonly Run[]> {
    const { upstream, slots } = this.#line
    await slots.acquire()
    try {
      const runs: Run[] = []
      let at = offset
      for (const marked of await upstream.dirtyExtents(offset, length)) {
        if (marked.offset > at) addRun(runs, { length: marked.offset - at, flags: 0 })
        addRun(runs, { length: marked.length, flags: stateDirty })
        at = marked.offset + marked.length
      }
      if (at < offset + length) addRun(runs, { length: offset + length - at, flags: 0 })
      return runs
    } finally {
      slots.release()
    }
  }
}

async function askWindow(line: Line, start: number): Promise<readonly Run[]> {
  const pieces = [...clusterPieces(start, Math.min(windowBytes, line.upstream.size - start))]
  const runs: Run[] = []
  for (const run of (await Promise.all(pieces.map((piece) => askCluster(line, piece)))).flat()) addRun(runs, run)
  return runs
}

/** What a server says of what lies behind the end of the question is not taken. */
async function askCluster({ upstream, slots }: Line, { offset, length }: Piece): Promise<readonly Run[]> {
  await slots.acquire()
  try {
    const runs: Run[] = []
    for (let left = length; left > 0; ) {
      const told = await upstream.allocation(offset + length - left, left)
      if (told.length === 0) throw new NbdConnectionError('The NBD server told nothing about a part of the disk.')
      for (const run of told) {
        const size = Math.min(run.length, left)
        if (size > 0) runs.push({ length: size, flags: run.flags })
        left -= size
      }
    }
    return runs
  } finally {
    slots.release()
  }
}
