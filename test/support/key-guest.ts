import { statSync, writeFileSync } from 'node:fs'
import { type QemuOptions, startQemu, type TestQemu } from './qemu.ts'
import { until } from './run.ts'

// 16-bit: say that it runs (debug port 0xE9), wait for a key (int 16h); `o` turns the machine off (ACPI S5 of q35), `r` resets it (port 0xCF9), `p` tells
// `pvpanic` of a panic.
const program = [
  ...[0xb0, 0x52, 0xe6, 0xe9],
  ...[0xb4, 0x00, 0xcd, 0x16, 0x3c, 0x6f, 0x74, 0x0a, 0x3c, 0x72, 0x74, 0x0f, 0x3c, 0x70, 0x74, 0x13, 0xeb, 0xee],
  ...[0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xeb, 0xfe],
  ...[0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xeb, 0xfe],
  ...[0xba, 0x05, 0x05, 0xb0, 0x01, 0xee, 0xeb, 0xd5],
]

/** A machine whose guest does one thing when a key is pressed. */
export interface KeyGuest extends AsyncDisposable {
  readonly qemu: TestQemu
  /** Presses the key once the guest waits for one; resolves when QEMU tells of the event that it leads to. */
  press(what: 'off' | 'reset' | 'panic'): Promise<void>
}

/** The boot disk, of 1 MiB with what `fill` wrote behind its first sector. */
export function writeBootDisk(path: string, bytes = 1 << 20): string {
  const disk = Buffer.alloc(bytes, 0x5a)
  disk.fill(0, 0, 512)
  disk.set(program, 0)
  disk.set([0x55, 0xaa], 510)
  writeFileSync(path, disk)
  return path
}

const keys = { off: 'o', reset: 'r', panic: 'p' } as const
const leadsTo = { off: 'SHUTDOWN', reset: 'RESET', panic: 'GUEST_PANICKED' } as const

export async function startKeyGuest(bootDisk: string, options: QemuOptions = {}): Promise<KeyGuest> {
  const qemu = await startQemu({
    ...options,
    run: true,
    disks: [{ id: 'boot', path: bootDisk, format: 'raw' }, ...(options.disks ?? [])],
    args: ['-device', 'pvpanic', '-debugcon', 'file:starts', ...(options.args ?? [])],
  })
  const starts = () => statSync(qemu.dir.file('starts'), { throwIfNoEntry: false })?.size ?? 0
  let seen = 0
  return {
    qemu,
    press: async (what) => {
      await until(() => starts() > seen, 'the guest to wait for a key')
      if (what === 'reset') seen = starts()
      const before = qemu.monitor.events.length
      const happened = () => qemu.monitor.events.slice(before).some(({ event }) => event === leadsTo[what])
      await until(async () => {
        if (happened()) return true
        const key = { keys: [{ type: 'qcode', data: keys[what] }] }
        await qemu.monitor.command('send-key', key).catch((error: unknown) => {
          if (!happened()) throw error
        })
        return happened()
      }, `${leadsTo[what]} after a key`)
    },
    [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose](),
  }
}
