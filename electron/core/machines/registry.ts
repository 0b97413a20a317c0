// <home>/machines.json: every machine Floe knows, running or not. Written whole or not at all; keys of newer versions
// are kept.
import { z } from 'zod'
import { Disk } from '../../../shared/domain/disk.ts'
import { MachineId, PointId } from '../../../shared/domain/ids.ts'
import { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { JsonFile } from '../home/json-file.ts'
import type { Logger } from '../ports/index.ts'

const text = z.string().nullable().default(null)

export const RegistryEntry = z.looseObject({
  id: MachineId,
  name: z.string(),
  /** True when a person chose the name. */
  named: z.boolean().default(false),
  origin: z.enum(['added', 'found', 'demo']),
  /** Taken off the list by a person while it ran. */
  hidden: z.boolean().default(false),
  endpoint: QmpEndpoint.nullable().default(null),
  agentPath: text,
  /** True when a person said where the agent is, false when the start command did; null in entries of the first Floe. */
  agentGiven: z.boolean().nullable().default(null),
  uuid: text,
  /** As given with `-name`. */
  guestName: text,
  images: z.array(z.looseObject({ path: z.string(), key: text })).default([]),
  launcher: text,
  startCommand: text,
  startedBy: text,
  qemuVersion: text,
  accelerator: text,
  /** QEMU's folder, against which it took relative names. */
  cwd: text,
  disks: z.array(Disk).default([]),
  features: z.record(z.string(), z.boolean()).default({}),
  lastGoodPoint: z.object({ id: PointId, createdAt: z.string() }).nullable().default(null),
  lastSeenAt: text,
  offSince: text,
})
export type RegistryEntry = z.infer<typeof RegistryEntry>

const RegistryData = z.looseObject({ machines: z.array(RegistryEntry) })

const day = 24 * 60 * 60 * 1000

/** Machines that came by once, were never backed up, and have not been seen for long, need not be remembered. */
export function isWorthKeeping(entry: RegistryEntry, now: Date, imagesExist: boolean): boolean {
  if (entry.origin !== 'found' || entry.lastGoodPoint !== null || entry.hidden) return true
  const age = entry.lastSeenAt === null ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(entry.lastSeenAt)
  return age < (imagesExist ? 30 * day : day)
}

/** Writes the registry a moment after something changed, and only what is different. */
export class RegistryWriter {
  readonly #registry: Registry
  readonly #entries: () => readonly RegistryEntry[]
  readonly #logger: Logger
  #timer: NodeJS.Timeout | null = null
  #saved = ''

  constructor(registry: Registry, entries: () => readonly RegistryEntry[], logger: Logger) {
    this.#registry = registry
    this.#entries = entries
    this.#logger = logger
  }

  soon(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.nowOrWarn()
    }, 250)
    this.#timer.unref()
  }

  /** @throws FloeError `system/home-unwritable` */
  async now(): Promise<void> {
    const entries = this.#entries()
    const text = JSON.stringify(entries)
    if (text === this.#saved) return
    await this.#registry.save(entries)
    this.#saved = text
  }

  async nowOrWarn(): Promise<void> {
    await this.now().catch((error: unknown) => this.#logger.error('Machines were not saved.', { error }))
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

export class Registry {
  readonly #file: JsonFile<z.infer<typeof RegistryData>>
  readonly #logger: Logger
  #rest: Record<string, unknown> = {}

  constructor(path: string, logger: Logger) {
    this.#file = new JsonFile(path, 1, RegistryData)
    this.#logger = logger
  }

  /** @throws FloeError `system/home-unwritable` when the file cannot be read or a newer Floe wrote it */
  async load(): Promise<RegistryEntry[]> {
    const read = await this.#file.read()
    if (read.kind === 'damaged') this.#logger.error(`${read.text} Machines are found anew; restore points stay.`)
    if (read.kind !== 'ok') return []
    const { machines, ...rest } = read.value
    this.#rest = rest
    return machines
  }

  /** @throws FloeError `system/home-unwritable` */
  async save(entries: readonly RegistryEntry[]): Promise<void> {
    await this.#file.write({ ...this.#rest, machines: [...entries] })
  }
}
