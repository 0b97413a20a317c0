import type { Ports } from '../ports/index.ts'
import type { DemoFiles } from './demo-files.ts'
import type { FoundQemu } from './find-qemu.ts'

/** QEMU's older options take commas as separators; a comma in a path is written twice. */
function inOption(path: string): string {
  return path.replaceAll(',', ',,')
}

/**
 * The arguments that start the demo machine. Sockets only, never a TCP port. A guest this small is emulated as fast as
 * run; only edk2 on a Mac gets hardware help (hvf), where QEMU falls back to emulation by itself.
 */
export function demoArguments(
  qemu: Extract<FoundQemu, { kind: 'ready' }>,
  files: DemoFiles,
  platform: Ports['platform']['name'],
): string[] {
  const hasHelp = qemu.native && qemu.architecture === 'aarch64' && platform === 'darwin'
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
      ? ['-machine', 'q35,accel=tcg', '-m', '32', '-device', 'ide-hd,drive=disk,id=disk0']
      : [
          '-machine',
          `virt,accel=${hasHelp ? 'hvf:tcg' : 'tcg'}`,
          '-cpu',
          // hvf knows only `max` and `host`; emulating `max` is several times slower than an older processor.
          hasHelp ? 'max' : 'cortex-a72',
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
