// Which processes are virtual machine monitors, or start them. By name where the name tells, else by the shape of the
// arguments (a QEMU that was renamed or bundled by another program).
import { basename } from 'node:path'

const qemuName = /^(qemu-system-[\w-]+?(\.exe)?|qemu-kvm|kvm|QEMULauncher|QEMUHelper)$/
const otherEngines = /^(vfkit|krunkit|com\.apple\.Virtualization\.VirtualMachine|limactl|cloud-hypervisor|firecracker)$/
const qemuTools = /^(qemu-(img|io|nbd|ga|storage-daemon|edid|pr-helper)|virtiofsd|swtpm)$/
const wrappers =
  /^(sudo|doas|env|nice|ionice|nohup|time|timeout|setsid|strace|ltrace|gdb|lldb|xvfb-run|taskset|stdbuf|rtk|sh|bash|zsh|dash|fish|ssh|screen|tmux|grep|vim?|less|node|python[\d.]*|perl|ruby)$/
const telling = new Set(
  'machine M accel enable-kvm drive blockdev qmp qmp-pretty mon monitor netdev hda nodefaults smp device chardev'.split(
    ' ',
  ),
)

/** Is this the command line of a running QEMU system emulator? Wrappers such as `sudo qemu-system-...` are not. */
export function isQemu(args: readonly string[]): boolean {
  const program = basename((args[0] ?? '').replace(/^-/, ''))
  if (qemuName.test(program)) return true
  if (qemuTools.test(program) || wrappers.test(program)) return false
  const seen = new Set(args.slice(1).map((argument) => /^--?([a-zA-Z][\w-]*)$/.exec(argument)?.[1]))
  let count = 0
  for (const option of seen) if (option !== undefined && telling.has(option)) count += 1
  return count >= 3 && (seen.has('drive') || seen.has('blockdev') || seen.has('device') || seen.has('hda'))
}

/** Is this another engine's virtual machine, or the program that runs it? */
export function isOtherEngine(args: readonly string[]): boolean {
  return otherEngines.test(basename(args[0] ?? ''))
}
