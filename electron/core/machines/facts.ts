import type { Disk } from '../../../shared/domain/disk.ts'
import type { MachineState } from '../../../shared/domain/machine.ts'
import type { QmpCapabilities, QmpSession } from '../qmp/types.ts'
import { readDisks } from './inventory/inventory.ts'

/** What a QEMU tells of itself once connected. */
export interface QemuFacts {
  readonly state: MachineState
  readonly qemuVersion: string
  readonly uuid: string | null
  readonly name: string | null
  readonly accelerated: boolean | null
  readonly disks: readonly Disk[]
  readonly features: Readonly<Record<string, boolean>>
}

const noUuid = '00000000-0000-0000-0000-000000000000'

export function stateOfStatus(answer: { readonly status: string; readonly running: boolean }): MachineState {
  return answer.running ? { kind: 'running' } : { kind: 'guest-paused', status: answer.status }
}

/** The run state right now. @throws the session's errors, `machine/timeout` after `timeoutMs` */
export async function readState(session: QmpSession, timeoutMs: number): Promise<MachineState> {
  return stateOfStatus(await session.execute<{ status: string; running: boolean }>('query-status', {}, { timeoutMs }))
}

/** Features by the name the window shows; what decides is the schema, not the version (qemu.md 10). */
export function featuresOf(capabilities: QmpCapabilities): Record<string, boolean> {
  return {
    'full-backup': capabilities.hasCommand('blockdev-backup') && capabilities.hasCommand('job-dismiss'),
    'incremental-backup': capabilities.hasArgument('blockdev-backup', 'bitmap-mode'),
    'bounded-copy': capabilities.hasArgument('blockdev-backup', 'x-perf.max-workers'),
    fleecing: capabilities.hasDriver('copy-before-write', 'on-cbw-error') && capabilities.hasDriver('snapshot-access'),
    'guest-first': capabilities.hasArgument('blockdev-backup', 'on-cbw-error'),
    yank: capabilities.hasCommand('yank'),
  }
}

/** Asks everything Floe shows of a machine. @throws the session's errors */
export async function readFacts(session: QmpSession, cwd: string | null): Promise<QemuFacts> {
  const timeoutMs = 15_000
  const ask = <T>(command: string) => session.execute<T>(command, {}, { timeoutMs })
  const capabilities = await session.capabilities()
  const [state, uuid, name, kvm, disks] = await Promise.all([
    readState(session, timeoutMs),
    ask<{ UUID: string }>('query-uuid'),
    ask<{ name?: string }>('query-name'),
    capabilities.hasCommand('query-kvm') ? ask<{ enabled: boolean }>('query-kvm') : null,
    readDisks(session, cwd, timeoutMs),
  ])
  return {
    state,
    qemuVersion: session.version,
    uuid: uuid.UUID === noUuid ? null : uuid.UUID.toLowerCase(),
    name: name.name ?? null,
    accelerated: kvm?.enabled ?? null,
    disks,
    features: featuresOf(capabilities),
  }
}
