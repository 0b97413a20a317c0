// Which QEMU runs the demo here: the one for this computer's own processor if it is installed, else the other.
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { Ports } from '../ports/index.ts'

export type DemoArchitecture = 'aarch64' | 'x86_64'

export type FoundQemu =
  | {
      readonly kind: 'ready'
      readonly architecture: DemoArchitecture
      readonly program: string
      /** UEFI firmware for aarch64; x86 starts with the BIOS that QEMU always has. */
      readonly firmware: string | null
      /** True when the guest has this computer's own kind of processor. */
      readonly native: boolean
    }
  | { readonly kind: 'missing'; readonly text: string; readonly command: string }

/** Apps started from the Finder have no Homebrew or MacPorts folder on their PATH. */
const usualFolders = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/local/bin', '/usr/bin']
const firmwareFolders = [
  '/usr/share/qemu',
  '/usr/share/edk2/aarch64',
  '/usr/share/AAVMF',
  '/usr/share/qemu-efi-aarch64',
]
const firmwareNames = ['edk2-aarch64-code.fd', 'AAVMF_CODE.fd', 'QEMU_EFI.fd']

export async function findQemu(
  ports: { readonly env: Ports['env']; readonly platform: Pick<Ports['platform'], 'name'> },
  processor: string = process.arch,
): Promise<FoundQemu> {
  const own: DemoArchitecture = processor === 'arm64' ? 'aarch64' : 'x86_64'
  const other: DemoArchitecture = own === 'aarch64' ? 'x86_64' : 'aarch64'
  const folders = [ports.env.FLOE_QEMU_DIR ?? '', ...(ports.env.PATH ?? '').split(delimiter), ...usualFolders]
  for (const architecture of [own, other]) {
    const program = await firstExisting(folders, [`qemu-system-${architecture}`], constants.X_OK)
    if (program === null) continue
    const firmware = architecture === 'aarch64' ? await findFirmware(program) : null
    if (architecture === 'aarch64' && firmware === null) continue
    return { kind: 'ready', architecture, program, firmware, native: architecture === own }
  }
  return {
    kind: 'missing',
    text: "QEMU isn't installed, so there is nothing that could run the demo machine.",
    command: installCommand(ports.platform.name, own),
  }
}

function installCommand(platform: Ports['platform']['name'], own: DemoArchitecture): string {
  if (platform === 'darwin') return 'brew install qemu'
  const packages = own === 'aarch64' ? 'qemu-system-arm qemu-efi-aarch64' : 'qemu-system-x86'
  return `sudo apt-get install ${packages} qemu-utils`
}

/** QEMU brings edk2 in its own data folder, beside its program (Homebrew); Debian packages it apart. */
async function findFirmware(program: string): Promise<string | null> {
  const real = await realpath(program)
  const beside = [program, real].map((path) => join(dirname(path), '..', 'share', 'qemu'))
  return firstExisting([...beside, ...firmwareFolders], firmwareNames, constants.R_OK)
}

async function firstExisting(
  folders: readonly string[],
  names: readonly string[],
  mode: number,
): Promise<string | null> {
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue
    for (const name of names) {
      const path = join(folder, name)
      const there = await access(path, mode).then(
        () => true,
        () => false,
      )
      if (there) return path
    }
  }
  return null
}
