import type { DiskTracking } from './types.ts'

/** Of qcow2, as QEMU and `qemu-img info` tell it. */
export interface ImageSpecifics {
  readonly compat?: string
  readonly 'data-file'?: string
}

/** qcow2 version 2 and images with their data in another file can't keep bitmaps (qemu.md 4.3). */
export function keptIn(format: string, specific: ImageSpecifics): DiskTracking['keeps'] {
  if (format !== 'qcow2' || specific['data-file'] !== undefined) return 'volatile'
  return specific.compat !== undefined && specific.compat !== '0.10' ? 'persistent' : 'volatile'
}
