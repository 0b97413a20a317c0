import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { RawQmp } from './raw-qmp.ts'
import { run, until } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

export interface TestDisk {
  /** Becomes the device id and (unless `noNodeName`) the node name `n-<id>`. */
  readonly id: string
  readonly path: string
  readonly format: 'qcow2' | 'raw'
}

export interface QemuOptions {
  readonly disks?: readonly TestDisk[]
  /** Arguments after the disks' own. */
  readonly args?: readonly string[]
  readonly name?: string
  /** Runs the guest's CPUs (default: stopped with -S, so that only the test writes). */
  readonly run?: boolean
  readonly machine?: string
  readonly program?: 'qemu-system-x86_64' | 'qemu-system-aarch64'
}

/** A real QEMU with two QMP sockets: `qmpPath` for Floe, and one of the test's own. */
export interface TestQemu extends AsyncDisposable {
  readonly pid: number
  readonly dir: TempDir
  readonly qmpPath: string
  readonly monitor: RawQmp
  readonly process: ChildProcess
  /** Writes `length` bytes of `pattern` (0-255) as the guest would, through the device. Sizes as qemu-io takes them. */
  write(diskId: string, offset: number | string, length: number | string, pattern: number): Promise<void>
  /** Writes zeroes as the guest would. Bytes. */
  zero(diskId: string, offset: number, length: number): Promise<void>
  flush(diskId: string): Promise<void>
  /** Ends QEMU cleanly. */
  quit(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

export async function createImage(
  path: string,
  size: string | number,
  format: 'qcow2' | 'raw' = 'qcow2',
): Promise<string> {
  await run('qemu-img', 'create', '-q', '-f', format, path, String(size))
  return path
}

/** QEMUs that the test itself has not connected to yet: a Floe in this process must not take its socket. */
export const startingQemus = new Set<number>()

export async function startQemu(options: QemuOptions = {}): Promise<TestQemu> {
  const dir = tempDir('fq-')
  const qmpPath = dir.file('qmp')
  const testPath = dir.file('own')
  const args = [
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-machine',
    options.machine ?? 'q35,accel=tcg',
    '-m',
    '64',
  ]
  args.push('-name', options.name ?? 'test-machine')
  for (const path of [qmpPath, testPath]) args.push('-qmp', `unix:${path},server=on,wait=off`)
  if (!options.run) args.push('-S')
  for (const disk of options.disks ?? []) {
    const file = { driver: 'file', filename: disk.path }
    args.push('-blockdev', JSON.stringify({ driver: disk.format, 'node-name': `n-${disk.id}`, file }))
    args.push('-device', `virtio-blk-pci,drive=n-${disk.id},id=${disk.id}`)
  }
  args.push(...(options.args ?? []))
  const child = spawn(options.program ?? 'qemu-system-x86_64', args, {
    cwd: dir.path,
    // A QEMU that a failed test leaves must not keep the test run from ending, so it gets nothing of it.
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (child.pid !== undefined) startingQemus.add(child.pid)
  let complaint = ''
  child.stderr?.on('data', (data) => {
    complaint += data
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  // The path is there a moment before QEMU listens, and QEMU may still end after that.
  const monitor = await until(async () => {
    if (!hasEnded() && !existsSync(testPath)) return null
    const connected = hasEnded() ? null : await RawQmp.connect(testPath).catch(() => null)
    if (!connected && hasEnded()) throw new Error(`QEMU ended at once: ${complaint}`)
    return connected
  }, 'the test socket of QEMU').catch((error: unknown) => {
    child.kill('SIGKILL')
    startingQemus.delete(child.pid as number)
    dir[Symbol.dispose]()
    throw error
  })
  startingQemus.delete(child.pid as number)
  const end = async (how: () => void) => {
    if (!hasEnded()) how()
    await ended
    monitor.close()
  }
  const devicePath = (id: string) => `/machine/peripheral/${id}/virtio-backend`
  const qemuIo = async (diskId: string, command: string) => {
    const answer = await monitor.hmp(`qemu-io -d ${devicePath(diskId)} "${command}"`)
    if (/error|failed|not permitted|cannot/i.test(answer)) throw new Error(`qemu-io ${command}: ${answer}`)
  }
  return {
    pid: child.pid as number,
    dir,
    qmpPath,
    monitor,
    process: child,
    write: (diskId, offset, length, pattern) => qemuIo(diskId, `write -P ${pattern} ${offset} ${length}`),
    zero: (diskId, offset, length) => qemuIo(diskId, `write -z ${offset} ${length}`),
    flush: (diskId) => qemuIo(diskId, 'flush'),
    quit: () => end(() => void monitor.command('quit').catch(() => {})),
    kill: () => end(() => child.kill('SIGKILL')),
    [Symbol.asyncDispose]: async () => {
      await end(() => child.kill('SIGKILL'))
      dir[Symbol.dispose]()
    },
  }
}

/** Are two images the same to a guest? Answers qemu-img's own words when they are not. */
export async function difference(
  a: string,
  b: string,
  formats: { a?: string; b?: string } = {},
): Promise<string | null> {
  const format = (flag: string, value: string | undefined) => (value ? [flag, value] : [])
  try {
    await run('qemu-img', 'compare', ...format('-f', formats.a), ...format('-F', formats.b), a, b)
    return null
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string }
    return stdout || message
  }
}
