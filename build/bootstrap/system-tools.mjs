// Programs that do not come from npm: what they are for, and how each system installs them.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { run } from './run.mjs'
import { giveUp, say } from './say.mjs'

/** @typedef {{ programs: string[], why: string, brew: string | null, apt: string[] }} Tool */

const extraFolders = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/sbin', '/sbin']

/** @param {string} program */
export function findProgram(program) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...extraFolders]) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return null
}

const emulator = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64'
const emulatorPackages =
  process.arch === 'arm64' ? ['qemu-system-arm', 'qemu-efi-aarch64'] : ['qemu-system-x86', 'seabios']

/** @type {Tool[]} */
export const toolsToRun = [
  {
    programs: ['qemu-img', 'qemu-nbd'],
    why: 'to create, check and read backup images',
    brew: 'qemu',
    apt: ['qemu-utils'],
  },
]

/** @type {Tool[]} */
export const toolsForDemo = [
  { programs: [emulator], why: 'to run the demo machine', brew: 'qemu', apt: emulatorPackages },
]

const linuxOnly = process.platform === 'linux'

/** @type {Tool[]} */
export const toolsForTests = [
  ...toolsToRun,
  {
    programs: ['qemu-system-x86_64'],
    why: 'real machines for the tests',
    brew: 'qemu',
    apt: ['qemu-system-x86', 'seabios', 'ovmf'],
  },
  {
    programs: ['qemu-system-aarch64'],
    why: 'real machines for the tests',
    brew: 'qemu',
    apt: ['qemu-system-arm', 'qemu-efi-aarch64'],
  },
  ...(linuxOnly
    ? [
        { programs: ['chromium'], why: 'a real browser for the window tests', brew: null, apt: ['chromium'] },
        { programs: ['Xvfb', 'xauth'], why: 'a display for the desktop tests', brew: null, apt: ['xvfb', 'xauth'] },
        {
          programs: ['mkfs.xfs', 'mkfs.btrfs'],
          why: 'file systems that clone, for the storage tests',
          brew: null,
          apt: ['xfsprogs', 'btrfs-progs'],
        },
        { programs: ['mkfs.vfat'], why: 'a FAT file system, for the refusal tests', brew: null, apt: ['dosfstools'] },
        {
          programs: ['mke2fs', 'debugfs', 'e2fsck'],
          why: 'ext4 disks for the test guests',
          brew: null,
          apt: ['e2fsprogs'],
        },
        {
          programs: ['nbdcopy', 'nbdinfo', 'restic'],
          why: 'other programs that read an export, for its tests',
          brew: null,
          apt: ['libnbd-bin', 'restic'],
        },
        { programs: ['lsof', 'ss'], why: 'to see who holds files and sockets', brew: null, apt: ['lsof', 'iproute2'] },
      ]
    : []),
]

/** @param {readonly Tool[]} tools */
const missingOf = (tools) => tools.filter((tool) => tool.programs.some((program) => findProgram(program) === null))

function isDebian() {
  return existsSync('/etc/os-release') && /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'))
}

/** @param {readonly Tool[]} missing */
function installCommand(missing) {
  if (process.platform === 'darwin') {
    const formulae = [...new Set(missing.flatMap((tool) => (tool.brew ? [tool.brew] : [])))]
    return formulae.length > 0 ? ['brew', 'install', ...formulae] : null
  }
  if (!isDebian()) return null
  return ['apt-get', 'install', '-y', '--no-install-recommends', ...new Set(missing.flatMap((tool) => tool.apt))]
}

/** @param {string} question */
async function agrees(question) {
  if (!process.stdin.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  // Ctrl-D ends the input: no answer is a no.
  const ended = new Promise((resolve) => lines.once('close', () => resolve('no')))
  const answer = await Promise.race([lines.question(question), ended])
  lines.close()
  return /^(y|yes|)$/i.test(answer.trim())
}

/**
 * Installs what is missing (Debian as root: apt; macOS: Homebrew, after asking), else prints the exact command.
 * @param {readonly Tool[]} tools
 * @param {{ required: boolean }} options without `required`, a missing tool is said and survived
 */
export async function ensureTools(tools, { required }) {
  const missing = missingOf(tools)
  if (missing.length === 0) return
  for (const tool of missing) say(`${tool.programs.join(', ')} is not installed; it is needed ${tool.why}`)
  const command = installCommand(missing)
  const line = command?.join(' ') ?? `install: ${missing.flatMap((tool) => tool.programs).join(', ')}`
  const isRoot = process.getuid?.() === 0
  if (command?.[0] === 'apt-get' && isRoot) {
    say(`running: ${line}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env })
    await run('apt-get', ['-qq', ...command.slice(1)], { env })
  } else if (command?.[0] === 'brew' && findProgram('brew') && (await agrees(`floe: run "${line}" now? [Y/n] `))) {
    await run(findProgram('brew') ?? 'brew', command.slice(1), { env: process.env })
  }
  if (missingOf(missing).length === 0) return
  const sudo = command?.[0] === 'apt-get' ? `sudo ${line}` : line
  if (required) giveUp('A program that Floe needs is missing.', `Run: ${sudo}`)
  say(`going on without; to install it later, run: ${sudo}`)
}
