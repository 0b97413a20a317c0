import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { OtherEngine } from './launchers.ts'

/** Virtual machines that are not QEMU: listed, so that nobody looks for them, and nothing else. */
export class OtherEngines {
  readonly #newId: () => MachineId
  #machines = new Map<string, Machine>()

  constructor(newId: () => MachineId) {
    this.#newId = newId
  }

  list(): readonly Machine[] {
    return [...this.#machines.values()]
  }

  get(id: string): Machine | undefined {
    return this.list().find((machine) => machine.id === id)
  }

  /** Makes the list what was found now; answers what is new or different, and the ids of what is gone. */
  update(found: readonly OtherEngine[]): { changed: Machine[]; gone: string[] } {
    const before = this.#machines
    this.#machines = new Map()
    for (const other of found) {
      const key = `${other.launcher}/${other.engine}/${other.name}`
      const id = before.get(key)?.id ?? this.#newId()
      this.#machines.set(key, machineOf(id, other))
      before.delete(key)
    }
    return { changed: [...this.#machines.values()], gone: [...before.values()].map((machine) => machine.id) }
  }
}

function machineOf(id: MachineId, other: OtherEngine): Machine {
  return {
    id,
    name: other.name,
    state: { kind: 'not-qemu', engine: other.engine, launcher: other.launcher },
    origin: 'found',
    endpoint: null,
    agentPath: null,
    agent: { kind: 'unknown' },
    mayBeFrozenSince: null,
    pid: other.pid,
    launcher: other.launcher,
    startCommand: null,
    startedBy: null,
    qemuVersion: null,
    accelerator: null,
    uuid: null,
    runningSince: null,
    disks: [],
    lastGoodPoint: null,
    lastSeenAt: null,
    features: {},
  }
}
