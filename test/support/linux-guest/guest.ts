import { existsSync, readFileSync } from 'node:fs'
import { type QemuOptions, startQemu, type TestQemu } from '../qemu.ts'
import { run, until } from '../run.ts'
import { tempDir } from '../temp.ts'
import { connectControl, type GuestControl } from './control.ts'
import { type Architecture, linuxGuestFiles } from './packages.ts'
import { untilAgentAnswers } from './raw-agent.ts'

/** A machine with a real Linux whose workload writes to an ext4 on each disk and acknowledges each step. */
export interface LinuxGuest extends AsyncDisposable {
  readonly qemu: TestQemu
  readonly control: GuestControl
  /** The guest agent's socket; one client at a time. Nobody answers there unless the guest was started with `agent`. */
  readonly agentPath: string
  /** Makes the first disk slow for the guest's writes (bytes per second), so that a freeze takes its time; null: as before. */
  limitWrites(bytesPerSecond: number | null): Promise<void>
  /** Number of the last step that the guest said was on its disks. */
  acknowledged(): number
  /** The judge's line; only for a guest started with `verify`. */
  verdict(): Promise<{ good: boolean; end: number; text: string }>
  /** What mounting the first disk did to its journal. */
  journal(): Promise<'clean' | 'recovered'>
}

export interface LinuxGuestOptions extends Partial<QemuOptions> {
  /**
   * `true`: a real qemu-guest-agent runs in the guest, and has answered when the start resolves. `later`: its port is
   * there, and it starts with `control.startAgent`. Left out: the machine has no such port.
   */
  readonly agent?: boolean | 'later'
  /** QEMU goes on when the guest starts again; without it, that ends QEMU. */
  readonly reboots?: boolean
  readonly architecture?: Architecture
}

/** The fastest ways to emulate (guest.md 1). */
const emulation = {
  x86_64: { program: 'qemu-system-x86_64', machine: 'q35,accel=tcg', cpu: 'Nehalem', console: 'ttyS0' },
  aarch64: { program: 'qemu-system-aarch64', machine: 'virt,accel=tcg', cpu: 'cortex-a72', console: 'ttyAMA0' },
} as const

/** An empty ext4 without a partition table, as a qcow2 image. */
export async function createExt4Image(path: string, megabytes: number): Promise<string> {
  await run('truncate', '-s', `${megabytes}M`, `${path}.raw`)
  await run('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', `${path}.raw`)
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', `${path}.raw`, path)
  await run('rm', `${path}.raw`)
  return path
}

/**
 * Boots the guest on one image, or on two whose steps then carry the same number on both disks (`vda`, `vdb`; the
 * nodes are `n-vda`, `n-vdb`).
 */
export async function startLinuxGuest(
  images: string | readonly [string] | readonly [string, string],
  mode: 'run' | 'verify',
  options: LinuxGuestOptions = {},
): Promise<LinuxGuest> {
  const { agent, reboots, architecture = 'x86_64', ...qemuOptions } = options
  const { kernel, initrd } = await linuxGuestFiles(architecture)
  const { program, machine, cpu, console } = emulation[architecture]
  const paths = typeof images === 'string' ? [images] : images
  const sockets = tempDir('fg-')
  const agentPath = sockets.file('agent')
  const controlPath = sockets.file('control')
  const port = (name: string, chardev: string, backend: string) => [
    ...['-chardev', `${backend},id=${chardev}`],
    ...['-device', `virtserialport,chardev=${chardev},id=${chardev}-port,name=${name}`],
  ]
  const socket = (path: string) => `socket,path=${path},server=on,wait=off`
  const qemu = await startQemu({
    name: 'linux-guest',
    program,
    machine,
    ...qemuOptions,
    run: true,
    disks: paths.map((path, index) => ({ id: index === 0 ? 'vda' : 'vdb', path, format: 'qcow2' })),
    args: [
      ...['-m', '256', '-cpu', cpu, '-kernel', kernel, '-initrd', initrd],
      '-append',
      `console=${console} quiet panic=-1 mitigations=off mode=${mode} disks=${paths.length} agent=${agent === true ? 1 : 0}`,
      ...['-serial', 'file:serial.log', ...(reboots ? [] : ['-no-reboot'])],
      ...['-device', 'virtio-serial-pci'],
      ...port('floe.test', 'acks', 'file,path=acks.log'),
      ...port('floe.control', 'control', socket(controlPath)),
      ...(agent ? port('org.qemu.guest_agent.0', 'agent', socket(agentPath)) : []),
      ...(options.args ?? []),
    ],
  }).catch((error: unknown) => {
    sockets[Symbol.dispose]()
    throw error
  })
  const read = (name: string) => (existsSync(qemu.dir.file(name)) ? readFileSync(qemu.dir.file(name), 'utf8') : '')
  const line = (name: string, pattern: RegExp) =>
    until(
      () => pattern.exec(read(name)),
      `${pattern} in the guest's ${name}; its console says: ${read('serial.log').slice(-500)}`,
      120_000,
    )
  const end = async () => {
    await qemu[Symbol.asyncDispose]()
    sockets[Symbol.dispose]()
  }
  try {
    const control = await connectControl(controlPath)
    if (agent === true) await untilAgentAnswers(qemu, agentPath, 'agent')
    return {
      qemu,
      control,
      agentPath,
      limitWrites: async (bytesPerSecond) => {
        const none = { bps: 0, bps_rd: 0, iops: 0, iops_rd: 0, iops_wr: 0 }
        const id = '/machine/peripheral/vda/virtio-backend'
        await qemu.monitor.command('block_set_io_throttle', { id, ...none, bps_wr: bytesPerSecond ?? 0 })
      },
      acknowledged: () =>
        Number(
          read('acks.log')
            .match(/ACK (\d+)\n/g)
            ?.at(-1)
            ?.slice(4) ?? 0,
        ),
      verdict: async () => {
        const [text = '', word, last] = await line('acks.log', /VERIFIED (GOOD|BAD) end=(\d+).*\n/)
        return { good: word === 'GOOD', end: Number(last), text }
      },
      journal: async () => (await line('serial.log', /MOUNTED journal=(clean|recovered)/))[1] as 'clean' | 'recovered',
      [Symbol.asyncDispose]: async () => {
        control.close()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}
