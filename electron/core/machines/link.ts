// The one connection to a machine's monitor: opened when needed, shared by everybody who borrows it, let go as its
// owner wishes. A launcher's socket is released some time after its last use, because QEMU serves one client (peers.md 5).
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { connectQmp } from '../qmp/connect.ts'
import type { QmpSession } from '../qmp/types.ts'

export interface LinkDeps {
  readonly connect: typeof connectQmp
  readonly ports: Pick<Ports, 'clock' | 'platform' | 'logger'>
  /** How long an unused connection is kept where it must not be held, in milliseconds. */
  readonly releaseAfterMs: number
  /** The connection is there; `endpoint` is where. */
  readonly onOpen: (session: QmpSession, endpoint: QmpEndpoint) => void
  /** The connection ended without Floe's doing. */
  readonly onLost: (reason: FloeError) => void
}

/** Carries the endpoint that failed, for the words about it. */
export interface ConnectFailure {
  readonly error: FloeError
  readonly endpoint: QmpEndpoint
}

export type ConnectOutcome = { readonly session: QmpSession } | { readonly failure: ConnectFailure }

/** Something is there but cannot be used: tells more than that nothing is there. */
const tellsMore = (error: FloeError) => error.code !== 'machine/socket-missing' && error.code !== 'machine/refused'

export class Link {
  readonly #deps: LinkDeps
  #session: QmpSession | null = null
  #endpoint: QmpEndpoint | null = null
  #opening: Promise<ConnectOutcome> | null = null
  #users = 0
  #release: NodeJS.Timeout | null = null

  constructor(deps: LinkDeps) {
    this.#deps = deps
  }

  get session(): QmpSession | null {
    return this.#session
  }

  /** Where it was last reached. */
  get endpoint(): QmpEndpoint | null {
    return this.#endpoint
  }

  /** Does somebody borrow the connection? */
  get inUse(): boolean {
    return this.#users > 0
  }

  /** The open connection, or a new one to the first endpoint that greets. */
  open(endpoints: readonly QmpEndpoint[], isServerStopped: () => Promise<boolean>): Promise<ConnectOutcome> {
    if (this.#session) return Promise.resolve({ session: this.#session })
    this.#opening ??= this.#open(endpoints, isServerStopped).finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #open(endpoints: readonly QmpEndpoint[], isServerStopped: () => Promise<boolean>): Promise<ConnectOutcome> {
    const { connect, ports } = this.#deps
    let failure: ConnectFailure | null = null
    for (const endpoint of endpoints) {
      try {
        const session = await connect(endpoint, { clock: ports.clock, platform: ports.platform, isServerStopped })
        this.#adopt(session, endpoint)
        return { session }
      } catch (error) {
        if (!(error instanceof FloeError)) throw error
        if (failure === null || (!tellsMore(failure.error) && tellsMore(error))) failure = { error, endpoint }
      }
    }
    if (failure === null) throw new FloeError('machine/no-socket', 'The machine has no QMP socket that Floe could use.')
    return { failure }
  }

  #adopt(session: QmpSession, endpoint: QmpEndpoint): void {
    this.#session = session
    this.#endpoint = endpoint
    void session.closed.then((reason) => {
      if (this.#session !== session) return
      this.#session = null
      this.#stopTimer()
      if (reason) this.#deps.onLost(reason)
    })
    this.#deps.onOpen(session, endpoint)
  }

  /** Keeps the connection until the answer is called; then, unless `hold`, for a while longer. */
  use(hold: () => boolean): () => void {
    this.#users += 1
    this.#stopTimer()
    let done = false
    return () => {
      if (done) return
      done = true
      this.#users -= 1
      if (this.#users === 0 && !hold()) this.#releaseLater()
    }
  }

  #releaseLater(): void {
    this.#release = setTimeout(() => {
      if (this.#users === 0) void this.close()
    }, this.#deps.releaseAfterMs)
    this.#release.unref()
  }

  #stopTimer(): void {
    if (this.#release) clearTimeout(this.#release)
    this.#release = null
  }

  async close(): Promise<void> {
    this.#stopTimer()
    await this.#opening?.catch(() => null)
    const session = this.#session
    this.#session = null
    await session?.close()
  }
}
