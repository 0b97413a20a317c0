// macOS below Node's own API: `ps` for processes, `lsof` for folders, open files and socket peers, `mount` for drives.
import { realpath, stat } from 'node:fs/promises'
import { boundProcessIds } from '../qemu-img/index.ts'
import { parseLockedVolumes } from './darwin/locked-volumes.ts'
import { holdersIn, parseFieldOutput, peerOf, workingFolders } from './darwin/lsof.ts'
import { type DarwinMount, parseMounts, volumesOf } from './darwin/mounts.ts'
import { machinesIn, parseProcessList } from './darwin/process-list.ts'
import type { Platform, ProcessInfo } from './index.ts'
import { mountOf } from './linux/file-systems.ts'
import { runTool } from './run-tool.ts'

type Run = typeof runTool

/** UTF-8 names come through whole, dates in the C locale's order. */
const locale = { LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LC_TIME: 'C' }
const listOfVolumes = 'diskutil apfs list -plist | plutil -convert json -o - -'
const processColumns = 'pid=,ppid=,user=,stat=,lstart=,command='

async function listProcesses(run: Run): Promise<readonly ProcessInfo[]> {
  const text = await run('ps', ['-axww', '-o', processColumns], { env: locale })
  const processes = machinesIn(parseProcessList(text))
  if (processes.length === 0) return []
  const pids = processes.map(({ pid }) => pid).join(',')
  // Without permission lsof leaves processes out; their folder stays unknown.
  const folders = workingFolders(await run('lsof', ['-a', '-p', pids, '-d', 'cwd', '-Fn'], { env: locale }))
  return processes.map((process) => ({ ...process, cwd: folders.get(process.pid) ?? null }))
}

async function openHolders(run: Run, paths: readonly string[]) {
  const real = new Map<string, string>()
  for (const path of paths) real.set(await realpath(path).catch(() => path), path)
  if (real.size === 0) return []
  // Once by name, which lsof resolves to device and inode; files that are gone make it complain and change nothing.
  const text = await run('lsof', ['-F', 'pcn', '--', ...real.keys()], { env: locale, timeoutMs: 30_000 })
  return holdersIn(parseFieldOutput(text), real, new Set([process.pid, ...boundProcessIds()]))
}

/**
 * By device, because macOS shows one folder tree made of a sealed system volume and a data volume: /Users lies on the
 * latter, though no mount point above it says so.
 */
async function mountByDevice(mounts: readonly DarwinMount[], path: string): Promise<DarwinMount | null> {
  const deviceOf = async (place: string) => (await stat(place).catch(() => null))?.dev
  const device = await deviceOf(path)
  const devices = await Promise.all(mounts.map(({ mountPoint }) => deviceOf(mountPoint)))
  const same = mounts.filter((_mount, index) => device !== undefined && devices[index] === device)
  return mountOf(same, path) ?? same[0] ?? mountOf(mounts, path)
}

/** A drive that is away is looked for every few seconds; listing all volumes takes three processes. */
const rememberVolumesMs = 30_000

/** Answers what it was told last for a while. */
function remembered<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | null = null
  return () => {
    const now = performance.now()
    if (last === null || now - last.at > forMs) last = { at: now, answer: ask() }
    return last.answer
  }
}

export function createDarwinPlatform(run: Run = runTool): Platform {
  const mounts = async () => parseMounts(await run('mount', [], { env: locale }))
  return {
    name: 'darwin',
    listProcesses: () => listProcesses(run),
    openHolders: (paths) => openHolders(run, paths),
    socketPeer: async (path) => {
      const real = await realpath(path).catch(() => path)
      const text = await run('lsof', ['-U', '-F', 'pcdn'], { env: locale }).catch(() => '')
      return peerOf(parseFieldOutput(text), [path, real], process.pid)
    },
    fileSystem: async (path) => {
      const real = await realpath(path)
      const mount = await mountByDevice(await mounts(), real)
      if (!mount) throw new Error(`No mount covers ${real}.`)
      return { type: mount.type, mountPoint: mount.mountPoint, readOnly: mount.readOnly }
    },
    externalVolumes: async () => volumesOf(await mounts()),
    lockedVolumes: remembered(rememberVolumesMs, async () =>
      parseLockedVolumes(await run('sh', ['-c', listOfVolumes], { env: locale }).catch(() => '')),
    ),
  }
}
