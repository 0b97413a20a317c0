import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createMachineService, type MachineServiceDeps } from '../../../electron/core/machines/machine-service.ts'
import type { MachineTiming } from '../../../electron/core/machines/timing.ts'
import type { MachineService } from '../../../electron/core/machines/types.ts'
import type { Platform, Ports } from '../../../electron/core/ports/index.ts'
import { createNodePorts } from '../../../electron/core/ports/node-ports.ts'
import { Topic } from '../../../electron/core/topics/topic.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Machine, MachineState } from '../../../shared/domain/machine.ts'
import { guardCommand } from '../../support/guard-command.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

export function testPorts(under: string, platform: Partial<Platform> = {}): Ports {
  const ports = createNodePorts({
    indexWorker: new URL('file:///not-used'),
    guardCommand,
    env: { ...process.env, FLOE_MACHINES_UNDER: under },
    randomBytes: (size) => randomBytes(size),
    userDir: under,
  })
  return { ...ports, platform: { ...ports.platform, ...platform } }
}

export interface TestMachines extends AsyncDisposable {
  readonly service: MachineService
  readonly topic: Topic<'machines'>
  named(name: string): Machine
  /** Waits until the machine of that name is in a state. */
  becomes(name: string, kind: MachineState['kind'], timeoutMs?: number): Promise<Machine>
}

/** A machine service that sees only machines which name `dir`. */
export async function startMachines(
  dir: TempDir | string,
  options: Partial<MachineServiceDeps> & { timing?: Partial<MachineTiming>; watched?: boolean } = {},
): Promise<TestMachines> {
  const path = typeof dir === 'string' ? dir : dir.path
  const topic = new Topic('machines')
  const service = createMachineService({
    ports: options.ports ?? testPorts(path),
    registryFile: `${path}/home/machines.json`,
    topic,
    ...(options.connect ? { connect: options.connect } : {}),
    ...(options.timing ? { timing: options.timing } : {}),
  })
  await service.start()
  service.setWatched(options.watched ?? true)
  const find = (name: string) => topic.list().find((machine) => machine.name === name)
  const inState = (name: string, kind: MachineState['kind']) =>
    topic.list().find((machine) => machine.name === name && machine.state.kind === kind)
  return {
    service,
    topic,
    named: (name) => {
      const machine = find(name)
      if (!machine) throw new Error(`no ${name} among ${JSON.stringify(service.list().map((one) => one.name))}`)
      return machine
    },
    becomes: async (name, kind, timeoutMs = 60_000) => {
      try {
        return await until(() => inState(name, kind), `${name} to become ${kind}`, timeoutMs)
      } catch (error) {
        throw new Error(`${(error as Error).message}; it is ${JSON.stringify(find(name)?.state)}`, { cause: error })
      }
    },
    [Symbol.asyncDispose]: () => service.stop(),
  }
}

export interface PlainQemu extends AsyncDisposable {
  readonly pid: number
  kill(): Promise<void>
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<void>
}

/** A QEMU with exactly these arguments (and no display), in a folder. */
export function spawnQemu(dir: TempDir, args: readonly string[], program = 'qemu-system-x86_64'): PlainQemu {
  const base = ['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35,accel=tcg', '-m', '32', '-S']
  const child = spawn(program, [...base, ...args], { cwd: dir.path, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  }
  return {
    pid: child.pid as number,
    kill,
    ended,
    signal: (name) => void process.kill(child.pid as number, name),
    [Symbol.asyncDispose]: kill,
  }
}

export function shortTemp(): TempDir {
  return tempDir('fm-')
}

export type { MachineId }
