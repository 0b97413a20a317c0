// Programs that start QEMU for people, known by where they keep its socket (peers.md 5). Their own commands need the
// QMP socket too, and QEMU serves one client, so Floe holds such a socket only while it works.
import { basename, join } from 'node:path'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Ports, ProcessInfo } from '../ports/index.ts'

const byPath: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'Colima', pattern: /\/(\.?colima)\/_lima\/[^/]+\/qmp\.sock$/ },
  { name: 'Rancher Desktop', pattern: /\/rancher-desktop\/lima\/[^/]+\/qmp\.sock$/ },
  { name: 'Lima', pattern: /\/\.?lima\/[^/]+\/qmp\.sock$/ },
  { name: 'podman', pattern: /\/podman\/(.*\/)?qmp_[^/]+\.sock$/ },
  { name: 'minikube', pattern: /\/\.?minikube\/machines\/[^/]+\/(monitor|qmp\.sock)$/ },
  { name: 'KraftKit', pattern: /\/kraftkit\/(.*\/)?qemu_control\.sock$/ },
  { name: 'libvirt', pattern: /\/libvirt\/qemu\/(.*\/)?monitor\.sock$/ },
]

/** The launcher that owns a QMP socket; null for a socket that the user made. */
export function launcherOfSocket(endpoint: QmpEndpoint | null, env: Ports['env']): string | null {
  if (endpoint?.kind !== 'unix') return null
  const home = (name: string) => env[name] !== undefined && endpoint.path.startsWith(`${env[name]}/`)
  if (basename(endpoint.path) === 'qmp.sock') {
    if (home('COLIMA_HOME')) return 'Colima'
    if (home('LIMA_HOME')) return 'Lima'
  }
  return byPath.find(({ pattern }) => pattern.test(endpoint.path))?.name ?? null
}

/** The launcher by the command line, where the socket does not tell (vagrant, quickemu, UTM, libvirt). */
export function launcherOfProcess(args: readonly string[]): string | null {
  const text = args.join(' ')
  if (/com\.utmapp|\/UTM\.app\/|QEMULauncher/.test(text)) return 'UTM'
  if (/vagrant-qemu/.test(text)) return 'Vagrant'
  if (/-monitor\.socket|-agent\.sock,?.*quickemu/.test(text)) return 'quickemu'
  if (/charmonitor/.test(text)) return 'libvirt'
  if (/multipass/i.test(args[0] ?? '')) return 'Multipass'
  return null
}

/** Folders of the launchers, where machines can be told of that run without QEMU. */
export function launcherFolders(env: Ports['env'], userDir: string): { name: string; path: string }[] {
  return [
    { name: 'Lima', path: env.LIMA_HOME ?? join(userDir, '.lima') },
    { name: 'Colima', path: join(env.COLIMA_HOME ?? join(userDir, '.colima'), '_lima') },
    { name: 'Rancher Desktop', path: join(userDir, 'Library/Application Support/rancher-desktop/lima') },
  ]
}

export interface OtherEngine {
  readonly name: string
  readonly engine: string
  readonly launcher: string | null
  readonly pid: number | null
}

/** A running machine of another engine, from its process; null for helpers that are no machine of their own. */
export function otherEngineOf(process: ProcessInfo): OtherEngine | null {
  const program = basename(process.args[0] ?? '')
  const text = process.args.join(' ')
  const pid = process.pid
  if (program === 'vfkit' || program === 'krunkit') {
    const engine = program === 'krunkit' ? 'krun' : 'Apple Virtualization'
    const launcher = /podman/.test(text) ? 'podman' : /minikube/.test(text) ? 'minikube' : null
    const disk = /path=([^,\s]+)/.exec(text)?.[1]
    return { name: disk ? basename(disk).replace(/\.\w+$/, '') : program, engine, launcher, pid }
  }
  if (program === 'cloud-hypervisor' || program === 'firecracker') {
    return {
      name: program,
      engine: program === 'firecracker' ? 'Firecracker' : 'Cloud Hypervisor',
      launcher: null,
      pid,
    }
  }
  return null
}

/** The vmType in a Lima instance's lima.yaml; null when it leaves the choice to Lima. */
export function limaVmType(yaml: string): string | null {
  return /^vmType:\s*["']?([\w-]+)["']?\s*(#.*)?$/m.exec(yaml)?.[1] ?? null
}
