import { type Volume, volume } from './volume.ts'

/** File systems of Linux that share blocks between files, as APFS does on a Mac. */
export const cloningFileSystems = ['xfs', 'btrfs'] as const

/** An empty volume whose files can be cloned, really mounted from a sparse file of a size that both kinds take. Needs root. */
export const cloneVolume = (kind: (typeof cloningFileSystems)[number]): Volume => volume(kind, 400)
