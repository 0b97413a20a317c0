// The machines room: which QEMUs there are, what state each is in, and who borrows its connection. Discovery looks at
// the system's processes; the registry remembers; each machine is followed by itself, so that one in trouble never
// holds up another.
import { MachineId } from '../../../shared/domain/ids.ts'
import type { AgentState, Machine, QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Discovery } from '../../../shared/ipc/contract.ts'
import { FloeError } from '../errors.ts'
import { openAgent } from '../guest-agent/open-agent.ts'
import type { GuestAccess, OpenAgent } from '../guest-agent/types.ts'
import { newId } from '../ids.ts'
import type { Ports } from '../ports/index.ts'
import { connectQmp } from '../qmp/connect.ts'
import type { Topic } from '../topics/topic.ts'
import { bindProcesses, knownOf } from './binding.ts'
import { endpointText, parseEndpoint } from './command-line/endpoints.ts'
import { discover } from './discovery.ts'
import { findKnown, isSameEndpoint } from './identity.ts'
import { lend } from './lease.ts'
import { signsOfLife } from './life/signs-of-life.ts'
import { usersOfImages } from './life/users-of-images.ts'
import { missingPlace } from './missing-place.ts'
import { entryFor, newEntry } from './new-entry.ts'
import { OtherEngines } from './other-engines.ts'
import { probeEndpoint } from './probe.ts'
import { isWorthKeeping, Registry, type RegistryEntry, RegistryWriter } from './registry.ts'
import { Rounds } from './rounds.ts'
import { canonicalEndpoint } from './sockets.ts'
import { errorOfState } from './states.ts'
import { type MachineTiming, usualTiming } from './timing.ts'
import { TrackedMachine } from './tracked-machine.ts'
import type { MachineLease, MachineService } from './types.ts'

export interface MachineServiceDeps {
  readonly ports: Ports
  /** Path of <home>/machines.json. */
  readonly registryFile: string
  readonly topic: Topic<'machines'>
  readonly connect?: typeof connectQmp
  readonly openAgent?: OpenAgent
  readonly timing?: Partial<MachineTiming>
}

export function createMachineService(deps: MachineServiceDeps): MachineService {
  return new Machines(deps)
}

class Machines implements MachineService {
  readonly #ports: Ports
  readonly #deps: MachineServiceDeps
  readonly #timing: MachineTiming
  readonly #registry: Registry
  readonly #writer: RegistryWriter
  readonly #rounds: Rounds
  readonly #others: OtherEngines
  #tracked = new Map<MachineId, TrackedMachine>()
  #watched = false

  constructor(deps: MachineServiceDeps) {
    this.#deps = deps
    this.#ports = deps.ports
    this.#timing = { ...usualTiming, ...deps.timing }
    this.#registry = new Registry(deps.registryFile, deps.ports.logger)
    const entries = () => [...this.#tracked.values()].map(({ entry }) => entry)
    this.#writer = new RegistryWriter(this.#registry, entries, deps.ports.logger)
    this.#others = new OtherEngines(() => this.#newId())
    this.#rounds = new Rounds({
      timing: this.#timing,
      logger: deps.ports.logger,
      round: (force, endpoints) => this.#round(force, endpoints),
      pids: () => [...this.#tracked.values()].flatMap(({ process }) => (process ? [process.process.pid] : [])),
    })
  }

  async start(): Promise<void> {
    const now = this.#ports.clock.now()
    for (const entry of await this.#registry.load()) {
      const imagesExist = entry.images.length > 0 && (await missingPlace(entry.images.map(({ path }) => path))) === null
      if (isWorthKeeping(entry, now, imagesExist)) this.#track(entry)
    }
    await this.#rounds.start()
  }

  async stop(): Promise<void> {
    this.#rounds.stop()
    this.#writer.stop()
    const closeAll = () => Promise.all([...this.#tracked.values()].map((machine) => machine.link.close()))
    // Before the round ends, too: it may wait for a machine that does not answer.
    await closeAll()
    await this.#rounds.settled()
    await closeAll()
    for (const machine of this.#tracked.values()) machine.agent.stop()
    await this.#writer.nowOrWarn()
  }

  setWatched(watched: boolean): void {
    this.#watched = watched
    this.#rounds.setWatched(watched)
    for (const machine of this.#tracked.values()) machine.agent.setWatched(watched)
  }

  refresh(): Promise<Discovery> {
    return this.#rounds.ask(true)
  }

  list(): readonly Machine[] {
    const own = [...this.#tracked.values()].filter(({ entry }) => !entry.hidden).map((machine) => machine.view())
    return [...own, ...this.#others.list()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
  }

  get(id: MachineId): Machine {
    const machine = this.#tracked.get(id)
    if (machine && !machine.entry.hidden) return machine.view()
    const other = this.#others.get(id)
    if (other) return other
    throw new FloeError('machine/unknown', `There is no machine with the id ${id}.`, { params: { machineId: id } })
  }

  async acquire(id: MachineId): Promise<MachineLease> {
    const machine = this.#ownOf(id)
    return lend(machine, { look: () => this.#rounds.ask(true), hold: () => machine.isHeld && this.#rounds.isRunning })
  }

  probe(qmp: string, agent: string | null) {
    return probeEndpoint(qmp, agent, {
      ports: this.#ports,
      connect: this.#deps.connect ?? connectQmp,
      openSession: async (endpoint) => (await this.#atEndpoint(endpoint))?.link.session ?? null,
    })
  }

  async add(
    qmp: string,
    agent: string | null,
    name: string | null,
    origin: 'added' | 'demo' = 'added',
  ): Promise<Machine> {
    const endpoint = parseEndpoint(qmp)
    if (!endpoint) throw notAnEndpoint(qmp)
    await this.#rounds.ask(false, [endpoint])
    const present = await this.#atEndpoint(endpoint)
    const machine = present ?? this.#trackedFor(endpoint, name, origin)
    const error = await machine.connect()
    if (error && origin !== 'demo') {
      if (machine !== present) await this.#forget(machine)
      throw error
    }
    const known = machine === present ? null : this.#sameImages(machine)
    if (known) await this.#forget(machine)
    const chosen = known ?? machine
    chosen.entry = {
      ...chosen.entry,
      origin,
      hidden: false,
      endpoint,
      ...(agent ? { agentPath: agent, agentGiven: true } : {}),
      name: name ?? chosen.entry.name,
      named: name !== null || chosen.entry.named,
    }
    if (known) await known.connect()
    this.#publish(chosen)
    await this.#writer.now()
    return chosen.view()
  }

  async remove(id: MachineId): Promise<void> {
    this.get(id)
    const machine = this.#tracked.get(id)
    if (!machine) {
      throw new FloeError('machine/not-qemu', 'This machine is not run by QEMU; it leaves the list when it ends.')
    }
    await machine.look(false)
    if (machine.link.inUse) {
      throw new FloeError('machine/has-jobs', `${machine.entry.name} is being worked with and can't be removed now.`, {
        params: { machine: machine.entry.name },
        remedy: 'Wait for its backup or restore to end, or cancel it.',
      })
    }
    if (machine.mayBeFrozenSince !== null) {
      throw new FloeError('machine/has-jobs', `${machine.entry.name} has not confirmed yet that it is thawed.`, {
        params: { machine: machine.entry.name },
        remedy: 'Wait until it is thawed, thaw it in the guest with "fsfreeze -u", or end it.',
      })
    }
    if (machine.process !== null && machine.entry.origin !== 'demo') {
      // It runs on and would be found again: remembered as unwanted.
      machine.entry = { ...machine.entry, hidden: true }
      await machine.link.close()
      this.#publish(machine)
    } else await this.#forget(machine)
    await this.#writer.now()
  }

  async shutDownGuest(id: MachineId): Promise<void> {
    await using lease = await this.acquire(id)
    await lease.session.execute('system_powerdown')
  }

  signsOfLife(id: MachineId, imagePaths: readonly string[], look: { readonly locks?: 'ours' } = {}) {
    const machine = this.#tracked.get(id)
    const deps = {
      ports: this.#ports,
      connect: this.#deps.connect ?? connectQmp,
      name: machine?.entry.name ?? 'the machine',
      pid: machine?.process?.process.pid ?? null,
      session: machine?.link.session ?? null,
      endpoints: (machine?.lastEndpoints() ?? []).filter((endpoint) => !this.#isOthers(endpoint, id)),
    }
    return signsOfLife(imagePaths, deps, look)
  }

  usersOfImages(id: MachineId, imagePaths: readonly string[]) {
    const own = this.get(id)
    return usersOfImages(
      imagePaths,
      own,
      this.list().filter((machine) => machine.id !== id),
    )
  }

  setLastGoodPoint(id: MachineId, point: Machine['lastGoodPoint']): void {
    const machine = this.#tracked.get(id)
    if (!machine) return
    machine.entry = { ...machine.entry, lastGoodPoint: point }
    this.#publish(machine)
  }

  async setAgent(id: MachineId, agent: string | null): Promise<Machine> {
    const machine = this.#ownOf(id)
    const endpoint = agent === null ? null : parseEndpoint(agent)
    if (agent !== null && endpoint === null) throw notAnEndpoint(agent)
    machine.setAgent(endpoint === null ? null : endpointText(endpoint))
    this.#publish(machine)
    await this.#writer.now()
    return machine.view()
  }

  async askAgent(id: MachineId): Promise<AgentState> {
    const machine = this.#ownOf(id)
    await machine.agent.ask()
    return machine.view().agent
  }

  guestAccess(id: MachineId): GuestAccess {
    const { entry, process, link } = this.#ownOf(id)
    const agent = entry.agentPath === null ? null : parseEndpoint(entry.agentPath)
    return {
      machineId: entry.id,
      machineName: entry.name,
      agent,
      agentSharedWith: agent && this.#sharesAgent(agent, id),
      qmp: link.endpoint ?? entry.endpoint,
      qemuPid: process?.process.pid ?? null,
    }
  }

  setMayBeFrozen(id: MachineId, since: string | null): void {
    const machine = this.#tracked.get(id)
    if (!machine || machine.mayBeFrozenSince === since) return
    machine.setMayBeFrozen(since)
    this.#publish(machine)
  }

  /** A machine that QEMU runs. @throws FloeError `machine/unknown`, `machine/not-qemu` */
  #ownOf(id: MachineId): TrackedMachine {
    const { name, state } = this.get(id)
    const machine = this.#tracked.get(id)
    if (!machine) throw errorOfState(name, state) ?? unknownMachine(id)
    return machine
  }

  #newId = () => MachineId.parse(newId(this.#ports))

  #track(entry: RegistryEntry): TrackedMachine {
    const machine = new TrackedMachine(entry, {
      ports: this.#ports,
      connect: this.#deps.connect ?? connectQmp,
      openAgent: this.#deps.openAgent ?? openAgent,
      timing: this.#timing,
      onChange: (changed) => this.#publish(changed),
      sharesAgent: (endpoint, by) => this.#sharesAgent(endpoint, by.entry.id),
      isTaken: (endpoint, by) => this.#isOthers(endpoint, by.entry.id),
      onLost: () => this.#rounds.soon(),
    })
    machine.agent.setWatched(this.#watched)
    this.#tracked.set(entry.id, machine)
    return machine
  }

  #trackedFor(endpoint: QmpEndpoint, name: string | null, origin: 'added' | 'demo'): TrackedMachine {
    const own =
      name ??
      endpointText(endpoint)
        .replace(/^.*\//, '')
        .replace(/\.sock(et)?$/, '')
    return this.#track(newEntry(this.#newId(), { name: own, named: name !== null, origin, endpoint }))
  }

  /** The machine that is reached at this endpoint, running or added. */
  async #atEndpoint(endpoint: QmpEndpoint): Promise<TrackedMachine | null> {
    const wanted = await canonicalEndpoint(endpoint)
    const found: TrackedMachine[] = []
    for (const machine of this.#tracked.values()) {
      const own = await Promise.all(machine.endpoints().map(canonicalEndpoint))
      if (own.some((other) => isSameEndpoint(other, wanted))) found.push(machine)
    }
    return found.find(({ process }) => process !== null) ?? found.find(({ entry }) => entry.origin !== 'found') ?? null
  }

  #sameImages(machine: TrackedMachine): TrackedMachine | null {
    const others = [...this.#tracked.values()].filter((other) => other !== machine && other.process === null)
    const traits = { images: machine.entry.images, uuid: null, name: null }
    return findKnown(traits, [], others.map(knownOf))?.machine ?? null
  }

  /** Does another machine's running process own this socket now? */
  #isOthers(endpoint: QmpEndpoint, id: MachineId): boolean {
    return [...this.#tracked.values()].some(
      ({ entry, process }) => entry.id !== id && process?.line.qmp.some((other) => isSameEndpoint(other, endpoint)),
    )
  }

  #sharesAgent(endpoint: QmpEndpoint, id: MachineId): string | null {
    const others = [...this.#tracked.values()].filter(({ entry, process }) => entry.id !== id && process !== null)
    const other = others.find(({ process }) => isSameEndpoint(parseEndpoint(process?.line.agent ?? ''), endpoint))
    return other?.entry.name ?? null
  }

  async #forget(machine: TrackedMachine): Promise<void> {
    this.#tracked.delete(machine.entry.id)
    machine.agent.stop()
    await machine.link.close()
    this.#deps.topic.remove(machine.entry.id)
  }

  #publish(machine: TrackedMachine): void {
    if (!this.#tracked.has(machine.entry.id)) return
    if (machine.entry.hidden) this.#deps.topic.remove(machine.entry.id)
    else this.#deps.topic.set(machine.view())
    if (this.#rounds.isRunning) this.#writer.soon()
  }

  async #round(force: boolean, endpoints: readonly QmpEndpoint[]): Promise<Discovery> {
    const added = [...this.#tracked.values()].flatMap(({ entry }) =>
      entry.origin !== 'found' && entry.endpoint ? [entry.endpoint] : [],
    )
    const findings = await discover(this.#ports, [...added, ...endpoints])
    await bindProcesses(findings.qemus, this.#tracked, (found, traits) =>
      this.#track(entryFor(this.#newId(), found, traits)),
    )
    const { changed, gone } = this.#others.update(findings.others)
    this.#deps.topic.set(...changed)
    this.#deps.topic.remove(...gone)
    const looks = [...this.#tracked.values()].filter(({ entry }) => !entry.hidden).map((machine) => machine.look(force))
    // The first look waits for every answer; a regular one lets slow machines answer in their own time.
    if (force) await Promise.all(looks)
    const { processesChecked, foldersChecked } = findings
    return { processesChecked, foldersChecked: [...foldersChecked], found: findings.qemus.length }
  }
}

const notAnEndpoint = (given: string) =>
  new FloeError('ipc/invalid-input', `"${given}" is neither an absolute socket path nor HOST:PORT.`, {
    params: { given },
    remedy: 'Give the path that follows "unix:" or "path=" in QEMU\'s options, or HOST:PORT.',
  })

const unknownMachine = (id: MachineId) =>
  new FloeError('machine/unknown', `There is no machine with the id ${id}.`, { params: { machineId: id } })
