import type { ChangeTracking } from '../../../shared/domain/disk.ts'
import type { DiskTracking } from './types.ts'

/** Of qcow2, as QEMU and `qemu-img info` tell it. */
export interface ImageSpecifics {
  readonly compat?: string
  readonly 'data-file'?: string
}

/** Of QEMU's ImageInfo. */
export interface ImageFacts {
  /** Internal snapshots. */
  readonly snapshots?: readonly unknown[]
  readonly 'format-specific'?: { readonly data?: ImageSpecifics }
}

export type NotKept = Extract<ChangeTracking, { kind: 'volatile' }>['why']

/** Why bitmaps can't be kept in an image; null when they can. That is in qcow2 from version 3 on without an external data file (qemu.md 4.3). */
export function whyNotKept(format: string, specific: ImageSpecifics): NotKept | null {
  if (format === 'raw') return 'raw'
  if (format !== 'qcow2' || specific.compat === undefined) return 'format'
  if (specific['data-file'] !== undefined) return 'data-file'
  return specific.compat === '0.10' ? 'qcow2-v2' : null
}

export function keptIn(format: string, specific: ImageSpecifics): DiskTracking['keeps'] {
  return whyNotKept(format, specific) === null ? 'persistent' : 'volatile'
}

/** On such a disk Floe begins no bitmap: QEMU could not go back to its snapshots (docs/qmp.md). */
export function hasInternalSnapshots(image: ImageFacts | undefined): boolean {
  return (image?.snapshots ?? []).length > 0
}
