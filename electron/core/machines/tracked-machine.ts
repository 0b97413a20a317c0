// One machine as Floe follows it: what the registry remembers, the process that runs it now, the connection, and the
// state all of that amounts to.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { Machine, MachineState, QmpEndpoint } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { sharedAgent } from '../guest-agent/errors.ts'
import type { OpenAgent } from '../guest-agent/types.ts'
import type { Ports } from '../ports/index.ts'
import type { connectQmp } from '../qmp/connect.ts'
import type { QmpSession } from '../qmp/types.ts'
import { AgentWatch } from './agent/agent-watch.ts'
import type { AgentChannel } from './agent/ask-agent.ts'
import { parseEndpoint } from './command-line/endpoints.ts'
import type { FoundQemu } from './discovery.ts'
import { type QemuFacts, readFacts, readState } from './facts.ts'
import { identifyFiles } from './file-identity.ts'
import { isSameEndpoint } from './identity.ts'
import { readDisks } from './inventory/inventory.ts'
import { Link } from './link.ts'
import { missingPlace } from './missing-place.ts'
import { entryWithProcess } from './new-entry.ts'
import type { RegistryEntry } from './registry.ts'
import { Retry } from './retry.ts'
import { socketOption, stateOfError } from './states.ts'
import type { MachineTiming } from './timing.ts'
import { viewOf } from './view.ts'

export interface TrackedDeps {
  readonly ports: Ports
  readonly connect: typeof connectQmp
  readonly openAgent: OpenAgent
  readonly timing: MachineTiming
  /** The name of another machine whose running process was given the same socket for its agent; null for none. */
  readonly sharesAgent: (endpoint: QmpEndpoint, by: TrackedMachine) => string | null
  /** The machine looks different now. */
  readonly onChange: (machine: TrackedMachine) => void
  /** Does the running process of another machine listen there? */
  readonly isTaken: (endpoint: QmpEndpoint, by: TrackedMachine) => boolean
  /** Something ended: look at the system again. */
  readonly onLost: () => void
}

const stateEvents = ['STOP', 'RESUME', 'RESET', 'SHUTDOWN', 'WAKEUP', 'SUSPEND', 'BLOCK_IO_ERROR', 'GUEST_PANICKED']
const diskEvents = ['DEVICE_DELETED', 'DEVICE_TRAY_MOVED', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED']
/** Between two questions about a machine whose connection Floe does not keep; and how long a busy QEMU may take. */
const longestPauseMs = 60_000
const earlyPauseMs = 300
/** A serial port was opened or closed in the guest. */
const portEvent = 'VSERPORT_CHANGE'
/** Sizes change, and a hot-plugged disk is announced by nobody. */
const disksEveryMs = 15_000

export class TrackedMachine {
  entry: RegistryEntry
  process: FoundQemu | null = null
  state: MachineState = { kind: 'off', since: null }
  /** Since when the guest has not confirmed a thaw (ISO 8601). */
  mayBeFrozenSince: string | null = null
  readonly link: Link
  readonly agent: AgentWatch
  readonly #deps: TrackedDeps
  readonly #retry: Retry
  #known = false
  #askAgainAt = 0
  #disksReadAt = 0
  #looking: Promise<void> | null = null

  constructor(entry: RegistryEntry, deps: TrackedDeps) {
    this.entry = entry
    this.#deps = deps
    this.#retry = new Retry(deps.ports.clock)
    this.agent = new AgentWatch({
      ports: deps.ports,
      timing: deps.timing,
      openAgent: deps.openAgent,
      channel: () => this.#agentChannel(),
      mayAsk: () => this.mayBeFrozenSince === null,
      isStrained: () => this.link.inUse,
      onChange: () => deps.onChange(this),
    })
    this.link = new Link({
      connect: deps.connect,
      ports: deps.ports,
      releaseAfterMs: deps.timing.releaseAfterMs,
      onOpen: (session, endpoint) => this.#opened(session, endpoint),
      onLost: () => {
        this.#known = false
        deps.onLost()
      },
    })
  }

  /** May Floe keep the socket while it does nothing? Not a launcher's: its own commands need it. */
  get isHeld(): boolean {
    return this.entry.launcher === null
  }

  get cwd(): string | null {
    return this.process?.process.cwd ?? this.entry.cwd
  }

  endpoints(): readonly QmpEndpoint[] {
    const found = this.process?.line.qmp ?? []
    // A found machine is found by its process; its old socket may belong to another guest by now.
    if (this.process === null && this.entry.origin === 'found') return []
    const own = this.entry.endpoint
    if (own !== null && this.process === null && this.#deps.isTaken(own, this)) return []
    if (own === null || found.some((endpoint) => isSameEndpoint(endpoint, own))) return found
    // A found machine's endpoint is only remembered; the process that runs now tells the true ones.
    return this.process && this.entry.origin === 'found' ? found : [own, ...found]
  }

  #agentChannel(): AgentChannel | null {
    const { agentPath, agentGiven } = this.entry
    const endpoint = agentPath === null ? null : parseEndpoint(agentPath)
    if (endpoint === null) return null
    const chardev = agentGiven ? null : (this.process?.line.agentIds.chardev ?? null)
    const other = this.#deps.sharesAgent(endpoint, this)
    const ambiguity = other === null ? null : sharedAgent(this.entry.name, other)
    return { endpoint, chardev, session: this.link.session, ambiguity }
  }

  /** Where the agent is from now on; null as the start command says. */
  setAgent(path: string | null): void {
    const agentPath = path ?? this.process?.line.agent ?? null
    this.entry = { ...this.entry, agentPath, agentGiven: path !== null }
    this.agent.forget()
  }

  setMayBeFrozen(since: string | null): void {
    this.mayBeFrozenSince = since
    if (since === null) this.agent.somethingChanged()
  }

  /** Where it is, or was last, reached. */
  lastEndpoints(): readonly QmpEndpoint[] {
    const now = this.endpoints()
    return now.length > 0 || this.entry.endpoint === null ? now : [this.entry.endpoint]
  }

  /** Binds the machine to the process that runs it; null when it ended. */
  setProcess(found: FoundQemu | null): void {
    const before = this.process
    this.process = found
    if (before?.process.pid !== found?.process.pid) {
      this.#known = false
      this.#retry.reset()
      this.agent.forget()
      if (before !== null) void this.link.close()
    }
    if (found !== null) this.entry = entryWithProcess(this.entry, found, this.#deps.ports.env)
  }

  /** Brings the state up to date; several callers share one look. `force` ignores the pause after failures. */
  look(force: boolean): Promise<void> {
    this.#looking ??= this.#look(force)
      .catch((error: unknown) => {
        this.#deps.ports.logger.warn(`Looking at ${this.entry.name} failed.`, { error })
      })
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #look(force: boolean): Promise<void> {
    const { session } = this.link
    const now = this.#deps.ports.clock.monotonic()
    if (session && this.#known) return this.#poll(session)
    if (this.endpoints().length === 0) return this.#settleWithoutSocket()
    if (!this.isHeld && this.#known && this.process) {
      // Not held, so nobody tells when its guest goes on: asked again now and then.
      if (this.state.kind === 'running' || now < this.#askAgainAt) return
      this.#known = false
    }
    if (!force && !this.#retry.isDue) return this.#settleIfGone()
    await this.connect()
  }

  async #settleIfGone(): Promise<void> {
    if (this.process === null && this.state.kind !== 'silent' && this.state.kind !== 'busy') await this.#settleOff()
  }

  async #poll(session: QmpSession): Promise<void> {
    // While somebody works with it, QEMU's main loop may stall for long (peers.md E7): no judgement then.
    if (this.link.inUse) return
    try {
      this.#become(await readState(session, this.#deps.timing.statusTimeoutMs))
      const now = this.#deps.ports.clock.monotonic()
      if (now - this.#disksReadAt >= disksEveryMs && !this.link.inUse) await this.inventory(session)
    } catch (error) {
      if (error instanceof FloeError && error.code === 'machine/timeout') this.#become({ kind: 'silent' })
      else if (!(error instanceof FloeError && error.code === 'machine/interrupted')) throw error
    }
  }

  async #settleWithoutSocket(): Promise<void> {
    if (this.process === null) return this.#settleOff()
    const reason = this.process.line.hmp ? 'hmp-only' : 'none'
    this.#seen()
    this.#become({ kind: 'no-socket', option: socketOption(this.entry.name), reason })
  }

  async #settleOff(): Promise<void> {
    const since = this.entry.offSince ?? this.entry.lastSeenAt
    this.entry = { ...this.entry, offSince: since }
    const missing = await missingPlace(this.entry.images.map((image) => image.path))
    this.#become(missing === null ? { kind: 'off', since } : { kind: 'unplugged', path: missing })
  }

  /** Marks the machine as ended, when its process is gone. */
  async ended(): Promise<void> {
    this.setProcess(null)
    await this.link.close()
    this.entry = { ...this.entry, offSince: this.#deps.ports.clock.now().toISOString() }
    await this.#settleOff()
  }

  /** Opens the connection and reads everything. Answers the error when it could not; the state tells the rest. */
  async connect(): Promise<FloeError | null> {
    const outcome = await this.link.open(this.endpoints(), async () => this.#isStopped())
    if ('failure' in outcome) {
      const { error, endpoint } = outcome.failure
      this.#planRetry(error)
      const state = await stateOfError(error, endpoint, this.process?.process.user ?? null)
      if (state !== null) {
        this.#seen()
        this.#become(await this.#withHolder(state, endpoint))
      } else if (this.process === null) await this.#settleOff()
      else if (error.code === 'machine/socket-path-too-long') {
        this.#become({ kind: 'no-socket', option: socketOption(this.entry.name), reason: 'none' })
      } else this.#become({ kind: 'silent' })
      return error
    }
    this.#retry.done()
    if (this.#known) return null
    const done = this.link.use(() => this.isHeld)
    try {
      await this.#learn(await readFacts(outcome.session, this.cwd))
      return null
    } catch (error) {
      if (!(error instanceof FloeError)) throw error
      this.#become({ kind: 'silent' })
      return error
    } finally {
      done()
    }
  }

  #planRetry(error: FloeError): void {
    const isComing =
      this.process !== null && (error.code === 'machine/socket-missing' || error.code === 'machine/refused')
    const atOnce = this.#retry.failed(isComing ? 'coming' : error.code === 'machine/busy' ? 'busy' : 'other')
    if (atOnce) setTimeout(() => this.#deps.onLost(), earlyPauseMs).unref()
  }

  /** A socket with too many waiting clients refuses at once; its holder can still be named. */
  async #withHolder(state: MachineState, endpoint: QmpEndpoint): Promise<MachineState> {
    if (state.kind !== 'busy' || state.program !== null || endpoint.kind !== 'unix') return state
    const peer = await this.#deps.ports.platform.socketPeer(endpoint.path)
    return peer ? { kind: 'busy', program: peer.program, pid: peer.pid } : state
  }

  async #isStopped(): Promise<boolean> {
    const pid = this.process?.process.pid
    const processes = await this.#deps.ports.platform.listProcesses()
    return processes.some((process) => process.pid === pid && process.stopped === true)
  }

  async #learn(facts: QemuFacts): Promise<void> {
    this.#known = true
    this.#askAgainAt = this.#deps.ports.clock.monotonic() + longestPauseMs
    const accelerator = facts.accelerated === true ? 'kvm' : this.entry.accelerator
    this.entry = {
      ...this.entry,
      qemuVersion: facts.qemuVersion,
      uuid: facts.uuid ?? this.entry.uuid,
      guestName: facts.name ?? this.entry.guestName,
      name: this.entry.named ? this.entry.name : (facts.name ?? this.entry.name),
      accelerator,
      features: { ...facts.features },
      disks: [...facts.disks],
    }
    await this.setDisks(facts.disks)
    this.#seen()
    this.#become(facts.state)
  }

  /** Remembers the disks, and the images that identify the machine. */
  async setDisks(disks: readonly Disk[]): Promise<void> {
    this.#disksReadAt = this.#deps.ports.clock.monotonic()
    const paths = disks
      .filter((disk) => !disk.readOnly && !disk.firmware && !disk.removable && disk.exclusion !== 'temporary')
      .flatMap((disk) => (disk.imagePath === null ? [] : [disk.imagePath]))
    const images = (await identifyFiles(paths)).map(({ path, key }) => ({ path, key }))
    this.entry = { ...this.entry, disks: [...disks], ...(images.length > 0 ? { images } : {}) }
  }

  /** Reads the disks anew. @throws the session's errors */
  async inventory(session: QmpSession): Promise<readonly Disk[]> {
    const disks = await readDisks(session, this.cwd)
    await this.setDisks(disks)
    this.#deps.onChange(this)
    return disks
  }

  #opened(session: QmpSession, endpoint: QmpEndpoint): void {
    if (this.entry.endpoint === null || this.entry.origin === 'found') this.entry = { ...this.entry, endpoint }
    const listener = session.listen([...stateEvents, ...diskEvents, portEvent])
    const follow = async () => {
      for await (const { event, data } of listener) {
        if (event === portEvent && this.#isAgentPort(data.id)) this.agent.somethingChanged()
        if (!this.#known) continue
        try {
          if (diskEvents.includes(event)) await this.inventory(session)
          if (stateEvents.includes(event)) this.#become(await readState(session, longestPauseMs))
        } catch (error) {
          this.#deps.ports.logger.info(`After ${event}, ${this.entry.name} could not be asked.`, { error })
        }
      }
    }
    follow().catch((error: unknown) => {
      this.#deps.ports.logger.info(`Events of ${this.entry.name} ended.`, { error })
    })
  }

  /** Without a name of its own in the start command, any port may be the agent's. */
  #isAgentPort(id: unknown): boolean {
    const own = this.entry.agentGiven ? null : (this.process?.line.agentIds.port ?? null)
    return own === null || own === id
  }

  /** At minute precision, so that the registry and the windows are not told of every look. */
  #seen(): void {
    const now = this.#deps.ports.clock.now()
    const last = this.entry.lastSeenAt === null ? 0 : Date.parse(this.entry.lastSeenAt)
    if (Math.abs(now.getTime() - last) >= 60_000) this.entry = { ...this.entry, lastSeenAt: now.toISOString() }
  }

  #become(state: MachineState): void {
    if (state.kind === 'running' || state.kind === 'guest-paused') this.#seen()
    this.state = state
    this.agent.setRunning(state.kind === 'running')
    this.#deps.onChange(this)
  }

  view(): Machine {
    const { process, state, mayBeFrozenSince } = this
    return viewOf(this.entry, { process, state, known: this.#known, mayBeFrozenSince, agent: this.agent.state })
  }
}
