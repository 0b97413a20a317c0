import { existsSync, readFileSync } from 'node:fs'
import { type QemuOptions, startQemu, type TestQemu } from '../qemu.ts'
import { run, until } from '../run.ts'
import { linuxGuestFiles } from './packages.ts'

/** A machine with a real Linux whose workload writes to an ext4 on `vda` and acknowledges each step. */
export interface LinuxGuest extends AsyncDisposable {
  readonly qemu: TestQemu
  /** Number of the last step that the guest said was on its disk. */
  acknowledged(): number
  /** The judge's line; only for a guest started with `verify`. */
  verdict(): Promise<{ good: boolean; end: number; text: string }>
  journal(): Promise<'clean' | 'recovered'>
}

/** An empty ext4 without a partition table, as a qcow2 image. */
export async function createExt4Image(path: string, megabytes: number): Promise<string> {
  await run('truncate', '-s', `${megabytes}M`, `${path}.raw`)
  await run('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', `${path}.raw`)
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', `${path}.raw`, path)
  await run('rm', `${path}.raw`)
  return path
}

export async function startLinuxGuest(
  image: string,
  mode: 'run' | 'verify',
  options: Partial<QemuOptions> = {},
): Promise<LinuxGuest> {
  const { kernel, initrd } = await linuxGuestFiles()
  const qemu = await startQemu({
    name: 'linux-guest',
    ...options,
    run: true,
    disks: [{ id: 'vda', path: image, format: 'qcow2' }],
    args: [
      ...['-m', '256', '-cpu', 'Nehalem', '-kernel', kernel, '-initrd', initrd],
      ...[
        '-append',
        `console=ttyS0 quiet panic=-1 mitigations=off mode=${mode}`,
        '-serial',
        'file:serial.log',
        '-no-reboot',
      ],
      ...[
        '-device',
        'virtio-serial-pci',
        '-chardev',
        'file,id=acks,path=acks.log',
        '-device',
        'virtserialport,chardev=acks,name=floe.test',
      ],
      ...(options.args ?? []),
    ],
  })
  const read = (name: string) => (existsSync(qemu.dir.file(name)) ? readFileSync(qemu.dir.file(name), 'utf8') : '')
  const line = (name: string, pattern: RegExp) =>
    until(
      () => pattern.exec(read(name)),
      `${pattern} in the guest's ${name}; its console says: ${read('serial.log').slice(-500)}`,
      120_000,
    )
  return {
    qemu,
    acknowledged: () =>
      Number(
        read('acks.log')
          .match(/ACK (\d+)\n/g)
          ?.at(-1)
          ?.slice(4) ?? 0,
      ),
    verdict: async () => {
      const [text = '', word, end] = await line('acks.log', /VERIFIED (GOOD|BAD) end=(\d+).*\n/)
      return { good: word === 'GOOD', end: Number(end), text }
    },
    journal: async () => (await line('serial.log', /MOUNTED journal=(clean|recovered)/))[1] as 'clean' | 'recovered',
    [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
  }
}
