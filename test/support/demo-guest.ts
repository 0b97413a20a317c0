import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type DemoDiskOptions, demoDiskFile } from '../../electron/core/demo/demo-disk.ts'
import { type DemoDiskVerdict, verifyDemoDisk } from '../../electron/core/demo/verify-disk.ts'
import { RawQmp } from './raw-qmp.ts'
import { run, until } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

export interface DemoGuestOptions extends DemoDiskOptions {
  /** An existing demo disk (qcow2); default: a new one with `blocks`, `pauseMs` (default 0: as fast as it can). */
  readonly diskPath?: string
  readonly format?: 'qcow2' | 'raw'
  /** `uefi` is aarch64 with edk2. */
  readonly firmware?: 'bios' | 'uefi'
  /** `ide-hd` (AHCI) is by far the fastest with a BIOS. */
  readonly device?: string
  /** Further arguments, e.g. a second disk. */
  readonly args?: readonly string[]
  readonly name?: string
  /**
   * Keeps Floe's socket off the command line, for tests that run whole Floes: another one on this computer would find
   * it there and hold it. Add the machine by `qmpPath`.
   */
  readonly hidden?: boolean
}

/** A guest that really writes: the demo guest on a QEMU of the test's own. */
export interface DemoGuest extends AsyncDisposable {
  readonly pid: number
  readonly dir: TempDir
  readonly diskPath: string
  /** For Floe. */
  readonly qmpPath: string
  /** The test's own. */
  readonly monitor: RawQmp
  /** The last number the guest says it wrote; 0 before the first. */
  counter(): number
  waitFor(counter: number): Promise<void>
  /** Ends QEMU cleanly. */
  quit(): Promise<void>
  kill(): Promise<void>
}

const bios = ['-machine', 'q35,accel=tcg', '-m', '32']
const uefi = ['-machine', 'virt,accel=tcg', '-cpu', 'cortex-a72', '-m', '128', '-boot', 'menu=on,splash-time=0']
const uefiFirmware = ['/usr/share/AAVMF/AAVMF_CODE.fd', '/opt/homebrew/share/qemu/edk2-aarch64-code.fd']

function monitorConfig(id: string, path: string): string {
  const socket = `[chardev "${id}"]\n  backend = "socket"\n  path = "${path}"\n  server = "on"\n  wait = "off"\n`
  return `${socket}[mon "${id}"]\n  mode = "control"\n  chardev = "${id}"\n`
}

/** Resolves when the guest has written its first number. */
export async function startDemoGuest(options: DemoGuestOptions = {}): Promise<DemoGuest> {
  const dir = tempDir('fd-')
  const diskPath = options.diskPath ?? dir.file('demo.qcow2')
  if (!options.diskPath) writeFileSync(diskPath, demoDiskFile({ pauseMs: 0, ...options }))
  const [qmpPath, testPath, serial] = [dir.file('qmp'), dir.file('own'), dir.file('serial.log')]
  const isBios = options.firmware !== 'uefi'
  const disk = {
    driver: options.format ?? 'qcow2',
    'node-name': 'n-demo',
    file: { driver: 'file', filename: diskPath },
  }
  const args = ['-nodefaults', '-no-user-config', '-display', 'none', '-name', options.name ?? 'demo-guest']
  args.push(...(isBios ? bios : [...uefi, '-bios', uefiFirmware.find(existsSync) ?? '']))
  const visible = options.hidden ? [] : [qmpPath, testPath]
  for (const path of visible) args.push('-qmp', `unix:${path},server=on,wait=off`)
  if (options.hidden) {
    writeFileSync(dir.file('qemu.conf'), monitorConfig('floe', qmpPath) + monitorConfig('own', testPath))
    args.push('-readconfig', dir.file('qemu.conf'))
  }
  args.push('-serial', `file:${serial}`, '-blockdev', JSON.stringify(disk))
  args.push('-device', `${options.device ?? (isBios ? 'ide-hd' : 'virtio-blk-pci')},drive=n-demo,id=demo`)
  const program = isBios ? 'qemu-system-x86_64' : 'qemu-system-aarch64'
  const child = spawn(program, [...args, ...(options.args ?? [])], {
    cwd: dir.path,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr?.on('data', (data) => {
    complaint += data
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const counter = () => {
    const text = existsSync(serial) ? readFileSync(serial, 'latin1') : ''
    return Number.parseInt([...text.matchAll(/FLOE ([0-9A-F]{16})\r?\n/g)].at(-1)?.[1] ?? '0', 16)
  }
  const waitFor = async (number: number) => {
    await until(
      () => {
        if (isOver()) throw new Error(`QEMU ended: ${complaint}`)
        return counter() >= number
      },
      `the demo guest to count to ${number}`,
      120_000,
    )
  }
  // The socket has its name a moment before it takes connections.
  const monitor = await until(
    () => {
      if (isOver()) throw new Error(`QEMU ended at once: ${complaint}`)
      return existsSync(testPath) ? RawQmp.connect(testPath).catch(() => null) : null
    },
    'the test socket of QEMU',
    60_000,
  )
  const end = async (how: () => void) => {
    if (!isOver()) how()
    await ended
    monitor.close()
  }
  const guest: DemoGuest = {
    pid: child.pid as number,
    dir,
    diskPath,
    qmpPath,
    monitor,
    counter,
    waitFor,
    quit: () => end(() => void monitor.command('quit').catch(() => {})),
    kill: () => end(() => child.kill('SIGKILL')),
    [Symbol.asyncDispose]: async () => {
      await end(() => child.kill('SIGKILL'))
      dir[Symbol.dispose]()
    },
  }
  await waitFor(1)
  return guest
}

/** Reads a copy of a demo disk (any format and chain) and checks that it shows one instant. */
export async function verifyDemoImage(path: string, format: 'qcow2' | 'raw' = 'qcow2'): Promise<DemoDiskVerdict> {
  using dir = tempDir('fv-')
  const raw = dir.file('raw')
  const source = { driver: format, file: { driver: 'file', filename: path } }
  await run('qemu-img', 'convert', '-O', 'raw', `json:${JSON.stringify(source)}`, raw)
  return verifyDemoDisk(readFileSync(raw))
}
