// macOS `ps` shows a command line as one string, its arguments joined by blanks. QEMU's own option names tell where
// the arguments begin: a value may hold blanks, an option name never does.
import { isOtherEngine } from './machine-programs.ts'

const without =
  'h help version fd-bootchk no-fd-bootchk no-acpi no-hpet no-reboot no-shutdown nodefaults no-user-config nographic portrait snapshot usb enable-kvm enable-sync-profile full-screen daemonize preconfig only-migratable singlestep mem-prealloc semihosting win2k-hack xen-attach xen-domid-restrict S s curses sdl alt-grab ctrl-grab no-frame no-quit old-param audio-help async-teardown no-kvm no-kvm-irqchip'
const withValue =
  'machine M cpu accel smp numa add-fd set global boot m mem-path k audio audiodev device name uuid fda fdb hda hdb hdc hdd cdrom blockdev drive mtdblock sd pflash fsdev virtfs iscsi usbdevice display spice rotate vga g vnc smbios acpitable netdev nic net chardev tpmdev bios kernel shim append initrd dtb compat fw_cfg serial parallel monitor qmp qmp-pretty mon debugcon pidfile seed d D dfilter L rtc icount watchdog watchdog-action action echr incoming overcommit sandbox readconfig trace plugin msg dump-vmstate object semihosting-config chroot runas run-with prom-env tb-size loadvm option-rom gdb cputime igd-passthru xen-domid balloon tdf soundhw writeconfig bt clock initrd-dtb'

const valueless = new Set(without.split(' '))
const names = [...without.split(' '), ...withValue.split(' ')].sort((a, b) => b.length - a.length)
const optionStart = new RegExp(` (?=--?(?:${names.join('|')})(?: |$))`)

/** Does this option of QEMU take no value? `name` without dashes. */
export function takesNoValue(name: string): boolean {
  return valueless.has(name)
}

function programAndRest(text: string): string[] {
  const qemu = /^(.*?(?:qemu-system-[\w-]+|qemu-kvm|QEMULauncher))(?: (.*))?$/s.exec(text)
  if (qemu) return [qemu[1] ?? text, ...(qemu[2] ? [qemu[2]] : [])]
  return [text]
}

/** `sudo qemu-system-...`, `vim qemu-system-...`: another program whose first argument is QEMU's name. */
const isWrapper = (head: string) =>
  /^\S+ (.* )?(\/\S*)?(qemu-system-[\w-]+|qemu-kvm)$/.test(head) && !/^\/[^ ]* [^ /][^ ]*\//.test(head)

/** The most sensible arguments of a joined QEMU command line; for other programs it is split at blanks. */
export function splitJoinedCommand(command: string): string[] {
  const [program = '', ...options] = command.split(optionStart)
  const words = command.split(' ').filter((word) => word !== '')
  const [head = program, ...rest] = programAndRest(program)
  if (isOtherEngine(words) || isWrapper(head)) return words
  if (options.length === 0) return rest.length > 0 ? [head, ...rest] : words
  const args = [head, ...rest]
  for (const option of options) {
    const [, name = option, value] = /^(--?\S+)(?: (.*))?$/s.exec(option) ?? []
    args.push(name)
    if (value !== undefined && value !== '') args.push(value)
  }
  return args
}
