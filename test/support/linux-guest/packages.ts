// Gets the guest's programs from Debian by name, into a cache folder, without touching the system's own packages.
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from '../run.ts'
import { type Entry, initramfs } from './initramfs.ts'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'floe-tests')
const source = (name: string): string => new URL(name, import.meta.url).pathname

export type Architecture = 'x86_64' | 'aarch64'

/** What Debian calls things on each architecture. */
const debian = {
  x86_64: { name: 'amd64', libraries: 'x86_64-linux-gnu', loader: 'lib64/ld-linux-x86-64.so.2', kernel: 'cloud-amd64' },
  aarch64: {
    name: 'arm64',
    libraries: 'aarch64-linux-gnu',
    loader: 'lib/ld-linux-aarch64.so.1',
    kernel: 'cloud-arm64',
  },
} as const
type Debian = (typeof debian)[Architecture]

const perlModules = [
  'strict.pm',
  'Fcntl.pm',
  'XSLoader.pm',
  'Exporter.pm',
  'Exporter/Heavy.pm',
  'IO/Handle.pm',
  'IO.pm',
  'Symbol.pm',
  'SelectSaver.pm',
  'Carp.pm',
  'warnings.pm',
  'warnings/register.pm',
  'overloading.pm',
  'vars.pm',
  'auto/IO/IO.so',
  'auto/Fcntl/Fcntl.so',
]
const kernelModules = [
  'virtio/virtio',
  'virtio/virtio_ring',
  'virtio/virtio_pci_legacy_dev',
  'virtio/virtio_pci_modern_dev',
  'virtio/virtio_pci',
  'block/virtio_blk',
  'char/virtio_console',
]

const agentPackages = ['qemu-guest-agent', 'libglib2.0-0', 'libnuma1', 'libudev1', 'liburing2', 'libpcre2-8-0']
const sharedLibraries = [
  ...['libc.so.6', 'libm.so.6', 'libcrypt.so.1'],
  ...['libglib-2.0.so.0', 'libgmodule-2.0.so.0', 'libnuma.so.1', 'libudev.so.1', 'liburing.so.2', 'libpcre2-8.so.0'],
]

export interface GuestFiles {
  readonly kernel: string
  readonly initrd: string
}

/** Which kernel package is the newest; Debian supersedes them, so the name is looked up each time. */
async function kernelPackage(apt: readonly string[], meta: string): Promise<string> {
  const text = await run('apt-cache', ...apt, 'depends', '--no-recommends', `linux-image-${meta}`)
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1]
  if (!name) throw new Error(`No kernel package in: ${text}`)
  return name
}

async function download(folder: string, system: Debian): Promise<void> {
  const lists = join(cache, `apt-${system.name}`)
  mkdirSync(join(lists, 'lists', 'partial'), { recursive: true })
  mkdirSync(join(lists, 'cache', 'archives', 'partial'), { recursive: true })
  writeFileSync(join(lists, 'status'), '')
  const settings = {
    'APT::Architecture': system.name,
    'APT::Architectures': system.name,
    'Dir::State::Lists': join(lists, 'lists'),
    'Dir::State::Status': join(lists, 'status'),
    'Dir::Cache': join(lists, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }
  const apt = Object.entries(settings).map(([key, value]) => `-o${key}=${value}`)
  await run('apt-get', ...apt, '-qq', 'update')
  const names = [
    'busybox-static',
    'perl-base',
    'libc6',
    'libcrypt1',
    ...agentPackages,
    await kernelPackage(apt, system.kernel),
  ]
  const debs = join(folder, 'debs')
  mkdirSync(debs, { recursive: true })
  await run('env', '-C', debs, 'apt-get', ...apt, '-qq', 'download', ...names)
  for (const deb of globSync(join(debs, '*.deb'))) await run('dpkg', '-x', deb, join(folder, 'tree'))
}

function entries(tree: string, system: Debian): Entry[] {
  const first = (pattern: string): string => {
    const [path] = globSync(join(tree, pattern))
    if (!path) throw new Error(`The guest's packages have no ${pattern}`)
    return path
  }
  const perl = `usr/lib/${system.libraries}/perl-base`
  return [
    ...['dev', 'proc', 'sys', 'data', 'data2', 'tmp', 'run', 'sbin'].map((name): Entry => ({ name, content: null })),
    { name: 'init', content: source('init'), executable: true },
    { name: 'workload.pl', content: source('workload.pl') },
    { name: 'bin/busybox', content: first('bin/busybox'), executable: true },
    { name: 'usr/bin/perl', content: first('usr/bin/perl'), executable: true },
    { name: system.loader, content: first(system.loader), executable: true },
    { name: 'usr/sbin/qemu-ga', content: first('usr/sbin/qemu-ga'), executable: true },
    ...sharedLibraries.map(
      (name): Entry => ({
        name: `lib/${system.libraries}/${name}`,
        content: first(`{,usr/}lib/${system.libraries}/${name}`),
      }),
    ),
    ...perlModules
      .filter((name) => existsSync(join(tree, perl, name)))
      .map((name): Entry => ({ name: `${perl}/${name}`, content: join(tree, perl, name) })),
    ...kernelModules.map(
      (name): Entry => ({
        name: `modules/${name.split('/')[1]}.ko`,
        content: first(`lib/modules/*/kernel/drivers/${name}.ko`),
      }),
    ),
  ]
}

/** Another test process may have been first; then its folder stays and ours goes. */
function publish(building: string, folder: string, proof: string): void {
  try {
    renameSync(building, folder)
  } catch (error) {
    if (!existsSync(proof)) throw error
    rmSync(building, { recursive: true, force: true })
  }
}

/** Kernel and initial file system of the test guest; downloaded once (about 35 MB), then from the cache. */
export async function linuxGuestFiles(architecture: Architecture): Promise<GuestFiles> {
  const system = debian[architecture]
  const folder = join(cache, `linux-guest-2-${system.name}`)
  const kernel = join(folder, 'kernel')
  const initrd = join(folder, 'initrd.gz')
  if (!existsSync(kernel)) {
    const building = `${folder}.building-${process.pid}`
    rmSync(building, { recursive: true, force: true })
    await download(building, system)
    const [image] = globSync(join(building, 'tree/boot/vmlinuz-*'))
    writeFileSync(join(building, 'kernel'), readFileSync(image as string))
    publish(building, folder, kernel)
  }
  writeFileSync(`${initrd}.${process.pid}`, initramfs(entries(join(folder, 'tree'), system)))
  renameSync(`${initrd}.${process.pid}`, initrd)
  return { kernel, initrd }
}
