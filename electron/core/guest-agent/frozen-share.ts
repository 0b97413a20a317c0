// What of the guest is frozen, told by how many file systems it froze and by what is mounted there. The agent passes
// over mount points that it does not know and file systems that cannot be frozen, without a word; and it counts a file
// system once, however often it is mounted (bind mounts, subvolumes of Btrfs): QEMU's qga/commands-linux.c.
import type { GuestFileSystem, MountedFileSystem } from './types.ts'

export type FrozenShare =
  /** `partial`: others that could be frozen were not, or nobody can say so. */
  | { readonly kind: 'enough'; readonly fileSystems: readonly GuestFileSystem[]; readonly partial: boolean }
  /** `why`: a finished sentence. */
  | { readonly kind: 'too-few'; readonly why: string }

export interface FreezeAnswer {
  readonly machineName: string
  /** Null: all were to be frozen. Each one once. */
  readonly mountpoints: readonly string[] | null
  /** Null when the agent may not tell. */
  readonly mounted: readonly MountedFileSystem[] | null
  /** How many file systems the agent froze. */
  readonly count: number
  /** Without a freeze there will be no backup: where all were to be frozen, some are too few. */
  readonly required: boolean
}

/** File systems with data on a disk of their own that can be frozen; FAT and read-only images cannot. */
const freezable = new Set(
  ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'bcachefs', 'f2fs', 'jfs', 'nilfs2', 'reiserfs', 'gfs2', 'ocfs2'].concat(
    ['ntfs', 'refs', 'csvfs'], // as Windows names them, in lower case
  ),
)

const canFreeze = ({ type }: GuestFileSystem) => freezable.has(type.toLowerCase())
const devicesOf = (mounted: readonly MountedFileSystem[]) => new Set(mounted.map(({ device }) => device))
const named = ({ mountpoint, type }: GuestFileSystem): GuestFileSystem => ({ mountpoint, type })

/** Mount points as the guest knows them, each one once. */
export function eachOnce(mountpoints: readonly string[]): readonly string[] {
  return [...new Set(mountpoints.map((path) => (path.startsWith('/') ? path.replace(/\/+$/, '') || '/' : path)))]
}

/** Pure. */
export function frozenShare({ machineName, mountpoints, mounted, count, required }: FreezeAnswer): FrozenShare {
  return mountpoints === null
    ? shareOfAll({ machineName, mounted, count, required })
    : shareOfNamed(machineName, mountpoints, mounted, count)
}

function shareOfAll({ machineName, mounted, count, required }: Omit<FreezeAnswer, 'mountpoints'>): FrozenShare {
  if (count === 0) {
    return { kind: 'too-few', why: `The agent of ${machineName} found no file system that it can freeze.` }
  }
  const expected = mounted?.filter(canFreeze) ?? []
  // Of fewer than expected nobody can say which they are.
  const all = devicesOf(expected).size
  const partial = count < all
  if (partial && required) {
    return { kind: 'too-few', why: `Of ${all} file systems of ${machineName} only ${count} could be frozen.` }
  }
  return { kind: 'enough', fileSystems: partial ? [] : expected.map(named), partial }
}

function shareOfNamed(
  machineName: string,
  mountpoints: readonly string[],
  mounted: FreezeAnswer['mounted'],
  count: number,
): FrozenShare {
  const chosen = mounted?.filter(({ mountpoint }) => mountpoints.includes(mountpoint)) ?? []
  const unknown = mountpoints.filter((path) => !chosen.some(({ mountpoint }) => mountpoint === path))
  const devices = devicesOf(chosen)
  const needed = devices.size + unknown.length
  if (needed > 0 && count >= needed) {
    const fileSystems = [...chosen.map(named), ...unknown.map((mountpoint) => ({ mountpoint, type: '' }))]
    const partial = mounted?.some((one) => canFreeze(one) && !devices.has(one.device)) ?? true
    return { kind: 'enough', fileSystems, partial }
  }
  const stubborn = chosen.filter((one) => !canFreeze(one))
  if (mounted !== null && unknown.length > 0) {
    return { kind: 'too-few', why: `${machineName} has nothing mounted at ${listed(unknown)} that can be frozen.` }
  }
  if (stubborn.length > 0) {
    const types = stubborn.map(({ mountpoint, type }) => `${mountpoint} (${type})`)
    return { kind: 'too-few', why: `What ${machineName} has mounted at ${listed(types)} cannot be frozen.` }
  }
  const frozen = count === 0 ? 'none' : `only ${count}`
  return {
    kind: 'too-few',
    why: `Of the chosen mount points of ${machineName} (${mountpoints.join(', ')}), ${frozen} could be frozen.`,
  }
}

const listed = (words: readonly string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
