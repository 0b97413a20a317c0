// One look at the system: the QEMUs that run, how to reach them, and virtual machines that are not QEMU.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Ports, ProcessInfo } from '../ports/index.ts'
import { isQemu } from '../ports/machine-programs.ts'
import { type QemuCommandLine, readCommandLine } from './command-line/qemu-command-line.ts'
import { isSameEndpoint } from './identity.ts'
import { launcherFolders, limaVmType, type OtherEngine, otherEngineOf } from './launchers.ts'

export interface FoundQemu {
  readonly process: ProcessInfo
  readonly line: QemuCommandLine
  readonly startedBy: string | null
}

export interface Findings {
  readonly qemus: readonly FoundQemu[]
  readonly others: readonly OtherEngine[]
  readonly processesChecked: number
  readonly foldersChecked: readonly string[]
}

const shells = /^-?(ba|z|da|k|fi)?sh$/

/** The script or program that started QEMU: `sh run.sh` is run.sh; a shell that a person types in is nobody. */
export function starterOf(parent: ProcessInfo | undefined): string | null {
  const [program, first] = parent?.args ?? []
  if (!parent || program === undefined) return null
  if (!shells.test(basename(program))) return basename(program)
  if (first === undefined || first.startsWith('-')) return null
  return parent.cwd === null ? first : resolve(parent.cwd, first)
}

/**
 * `FLOE_MACHINES_UNDER` names a folder: then only machines whose command line or working folder names it are looked at.
 * It keeps several Floes on one computer from taking each other's sockets.
 */
function isWanted(process: ProcessInfo, under: string | undefined): boolean {
  if (under === undefined || under === '') return true
  return process.args.some((argument) => argument.includes(under)) || (process.cwd?.startsWith(under) ?? false)
}

const asksOnly = /^--?(version|h|help)$|^(help|\?)$/

/** QEMUs that are machines: not `-version`, and not the first half of a QEMU that is just going to the background. */
function machinesAmong(all: readonly ProcessInfo[]): ProcessInfo[] {
  const qemus = all.filter(({ args }) => isQemu(args) && !args.slice(1).some((argument) => asksOnly.test(argument)))
  const sameCommand = (a: ProcessInfo, b: ProcessInfo) => a.args.join('\0') === b.args.join('\0')
  return qemus.filter((child) => !qemus.some((parent) => parent.pid === child.ppid && sameCommand(parent, child)))
}

async function limaInstances(name: string, folder: string): Promise<OtherEngine[]> {
  const instances = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found = await Promise.all(
    instances.map(async (instance): Promise<OtherEngine | null> => {
      if (!instance.isDirectory() || instance.name.startsWith('_')) return null
      const at = (file: string) => readFile(join(folder, instance.name, file), 'utf8').catch(() => null)
      const [yaml, vzPid, krunPid] = await Promise.all([at('lima.yaml'), at('vz.pid'), at('krunkit.pid')])
      if (yaml === null) return null
      const type = limaVmType(yaml) ?? (vzPid !== null ? 'vz' : krunPid !== null ? 'krunkit' : null)
      if (type === null || type === 'qemu') return null
      const engine = type === 'vz' ? 'Apple Virtualization' : type === 'krunkit' ? 'krun' : type
      const pid = Number.parseInt(vzPid ?? krunPid ?? '', 10)
      return { name: instance.name, engine, launcher: name, pid: Number.isNaN(pid) ? null : pid }
    }),
  )
  return found.filter((instance) => instance !== null)
}

/**
 * @param added endpoints of machines that a person added: their processes are always looked at.
 * @throws Error when the system's process list cannot be read
 */
export async function discover(
  ports: Pick<Ports, 'platform' | 'env' | 'userDir'>,
  added: readonly QmpEndpoint[],
): Promise<Findings> {
  const all = await ports.platform.listProcesses()
  const byPid = new Map(all.map((process) => [process.pid, process]))
  const under = ports.env.FLOE_MACHINES_UNDER
  const isAdded = (line: QemuCommandLine) =>
    line.qmp.some((endpoint) => added.some((other) => isSameEndpoint(endpoint, other)))
  const qemus = machinesAmong(all)
    .map((process) => ({
      process,
      line: readCommandLine(process.args, process.cwd),
      startedBy: starterOf(byPid.get(process.ppid)),
    }))
    .filter(({ process, line }) => isWanted(process, under) || isAdded(line))
  const folders = launcherFolders(ports.env, ports.userDir)
  const instances = (await Promise.all(folders.map(({ name, path }) => limaInstances(name, path)))).flat()
  const others = all
    .filter((process) => isWanted(process, under))
    .map(otherEngineOf)
    .filter((other) => other !== null)
  const instancePids = new Set(instances.map(({ pid }) => pid))
  return {
    qemus,
    others: [...instances, ...others.filter(({ pid }) => !instancePids.has(pid))],
    processesChecked: all.length,
    foldersChecked: folders.map(({ path }) => path),
  }
}
