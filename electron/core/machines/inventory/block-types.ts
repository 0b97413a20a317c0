import type { NodeFacts } from '../../tracking/change-tracking.ts'

/** The parts of QEMU's `query-block` and `query-named-block-nodes` that Floe reads (QMP reference, ImageInfo). */
export interface ImageInfo extends NonNullable<NodeFacts['image']> {
  readonly filename?: string
  readonly format?: string
  readonly 'virtual-size'?: number
  readonly 'actual-size'?: number
  readonly 'backing-image'?: ImageInfo
}

export interface BlockNode extends Pick<NodeFacts, 'dirty-bitmaps'> {
  readonly 'node-name'?: string
  readonly drv: string
  readonly ro: boolean
  readonly file: string
  readonly backing_file?: string
  readonly image?: ImageInfo
}

export interface BlockDevice {
  readonly device: string
  readonly qdev?: string
  readonly removable: boolean
  readonly inserted?: BlockNode
}

/** `x-debug-query-block-graph`: exact, but unstable; Floe does without where it is missing. */
export interface BlockGraph {
  readonly nodes: readonly { readonly id: number; readonly type: string; readonly name: string }[]
  readonly edges: readonly { readonly parent: number; readonly child: number; readonly name: string }[]
}

/** Drivers that only pass requests on: the disk's own format lies below them (qemu.md 1). */
export const filterDrivers: ReadonlySet<string> = new Set([
  'throttle',
  'copy-on-read',
  'copy-before-write',
  'backup-top',
  'compress',
  'preallocate',
  'blkdebug',
  'blklogwrites',
  'blkverify',
  'mirror_top',
  'commit_top',
])
