import type { Ports } from '../ports/index.ts'
import type { DemoFiles } from './demo-files.ts'
import type { FoundQemu } from './find-qemu.ts'

/** QEMU's older options take commas as separators; a comma in a path is written twice. */
function inOption(path: string): string {
  return path.replaceAll(',', ',,')
}

/**
 * The arguments that start the demo machine. Sockets only, never a TCP port. Hardware help where there is any (hvf,
 * kvm), plain emulation otherwise.
 */
export function demoArguments(
  qemu: Extract<FoundQemu, { kind: 'ready' }>,
  files: DemoFiles,
  platform: Ports['platform']['name'],
): string[] {
  const accelerator = !qemu.native ? 'tcg' : platform === 'darwin' ? 'hvf:tcg' : 'kvm:tcg'
  const disk = { driver: 'qcow2', 'node-name': 'disk', file: { driver: 'file', filename: files.disk } }
  return [
    '-name',
    'Demo',
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-qmp',
    `unix:${inOption(files.qmp)},server=on,wait=off`,
    '-pidfile',
    files.pidFile,
    '-chardev',
    `socket,id=serial,path=${inOption(files.serial)},server=on,wait=off`,
    '-serial',
    'chardev:serial',
    '-blockdev',
    JSON.stringify(disk),
    ...(qemu.architecture === 'x86_64'
      ? ['-machine', `q35,accel=${accelerator}`, '-m', '32', '-device', 'ide-hd,drive=disk,id=disk0']
      : [
          '-machine',
          // hvf and kvm know only `max` and `host`; emulating `max` is several times slower than an older processor.
          `virt,accel=${platform === 'darwin' ? accelerator : 'tcg'}`,
          '-cpu',
          qemu.native && platform === 'darwin' ? 'max' : 'cortex-a72',
          '-m',
          '128',
          '-bios',
          qemu.firmware ?? '',
          // Without this edk2 waits five seconds for a key.
          '-boot',
          'menu=on,splash-time=0',
          '-device',
          'virtio-blk-pci,drive=disk,id=disk0',
        ]),
  ]
}
