import { createHash } from 'node:crypto'
import type { DiskId, MachineId, PointId } from '../../../shared/domain/ids.ts'

export const markerFile = 'floe-destination.json'
export const machinesFolder = 'machines'
export const machineFile = 'machine.json'
export const manifestFile = 'manifest.json'
export const verificationFile = 'verification.json'
export const pinnedFile = 'pinned.json'
export const ownerFile = 'owner.json'
/** What is being put in place in a point's folder because earlier points are deleted. */
export const mergeFile = 'merge.json'
export const restoreTextFile = 'RESTORE.txt'
export const partialPrefix = '.partial-'
export const beginningPrefix = '.beginning-'
export const deletingPrefix = '.deleting-'

/** Is this the name of a point that is not finished or not wholly deleted yet? */
export function isHiddenFolder(name: string): boolean {
  return /^\.(partial|beginning|deleting)-[a-z0-9]{12}$/.test(name)
}

/** A name that people recognise in a file listing: [a-z0-9-], at most 40 characters, never empty. */
export function slug(name: string, otherwise: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
  return plain || otherwise
}

/**
 * A disk's id as part of a file name: itself when it is plain lower case, else a slug and a piece of its hash, because
 * file systems may not tell "A" from "a".
 */
export function safeDiskId(id: DiskId): string {
  if (/^[a-z0-9][a-z0-9._-]{0,59}$/.test(id)) return id
  return `${slug(id, 'disk')}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`
}

export const imageFile = (id: DiskId) => `disk-${safeDiskId(id)}.qcow2`
export const indexFile = (id: DiskId) => `disk-${safeDiskId(id)}.index`
/** What the backup wrote into the image. */
export const copiedFile = (id: DiskId) => `disk-${safeDiskId(id)}.copied`
/** What the instant held, from the copy until the point was compared with it. */
export const instantFile = (id: DiskId) => `disk-${safeDiskId(id)}.instant`
export const machineFolder = (name: string, id: MachineId) => `${slug(name, 'machine')}-${id}`

/** The machine whose folder this is; null for a foreign folder. */
export function machineOfFolder(folder: string): string | null {
  return /^[a-z0-9-]+-([a-z0-9]{12})$/.exec(folder)?.[1] ?? null
}

/** `20260131-235959-<id>`: sorts by time in any file listing, and is unique by the id whatever the clock does. */
export function pointFolder(createdAt: string, id: PointId): string {
  const digits = new Date(createdAt).toISOString().replace(/[-:]/g, '')
  return `${digits.slice(0, 8)}-${digits.slice(9, 15)}-${id}`
}

/** What a point's folder tells when its manifest cannot: its id and when it was taken (ISO 8601). */
export function pointOfFolder(folder: string): { id: string; createdAt: string } | null {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([a-z0-9]{12})$/.exec(folder)
  if (!match) return null
  const [, year, month, day, hour, minute, second, id] = match
  const createdAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(createdAt.getTime())) return null
  return { id: id as string, createdAt: createdAt.toISOString() }
}
