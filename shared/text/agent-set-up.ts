// How the guest agent gets into a guest: QEMU's options for its channel, and the lines to type inside.
export type GuestSystem = 'debian' | 'fedora' | 'alpine' | 'arch' | 'windows'

export interface GuestSetUp {
  readonly system: GuestSystem
  readonly label: string
  /** Lines for a terminal in the guest. */
  readonly lines: readonly string[]
  /** One or two finished sentences. */
  readonly note: string
}

// Debian's and Arch's unit has no [Install] section: udev starts it when the channel is there, so there is nothing to
// enable (Debian: 60-qemu-guest-agent.rules; Arch: 99-qemu-guest-agent.rules). Fedora's can be enabled.
const byUdev = 'From then on it starts by itself whenever the machine has the channel of step 1.'

export const guestSetUps: readonly GuestSetUp[] = [
  {
    system: 'debian',
    label: 'Debian, Ubuntu',
    lines: ['sudo apt install qemu-guest-agent', 'sudo systemctl start qemu-guest-agent'],
    note: byUdev,
  },
  {
    system: 'fedora',
    label: 'Fedora',
    lines: ['sudo dnf install qemu-guest-agent', 'sudo systemctl enable --now qemu-guest-agent'],
    note: 'The same goes for Red Hat Enterprise Linux, Rocky and Alma.',
  },
  {
    system: 'alpine',
    label: 'Alpine',
    lines: ['apk add qemu-guest-agent', 'rc-update add qemu-guest-agent default', 'rc-service qemu-guest-agent start'],
    note: 'It is in the community repository. If it doesn’t find /dev/virtio-ports, set GA_PATH in /etc/conf.d/qemu-guest-agent to the port, such as /dev/vport1p1.',
  },
  {
    system: 'arch',
    label: 'Arch',
    lines: ['sudo pacman -S qemu-guest-agent', 'sudo systemctl start qemu-guest-agent'],
    note: byUdev,
  },
  {
    system: 'windows',
    label: 'Windows',
    lines: ['E:\\virtio-win-guest-tools.exe', 'Get-Service qemu-ga'],
    note: 'Attach the virtio-win ISO as a CD first; E: stands for its drive. It brings the agent and the driver of its channel. Windows is frozen through its shadow copies (VSS).',
  },
]

/** One option per line, as a shell takes them: with a backslash at the end of each line but the last. */
export function optionLines(options: string): string {
  return options.split(/ (?=-)/).join(' \\\n')
}
