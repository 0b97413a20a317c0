// The parts of a transaction that begin tracking and that let a job read a bitmap (qemu.md 4.1, 5.1).
import { endMarkOf } from './naming.ts'
import type { NewBitmap } from './types.ts'

/** Bytes under one bit of Floe's bitmaps. */
export const bitmapGranularity = 65536

/** One action of QMP's `transaction`; `data` are also the arguments of the command `type`. */
export interface TransactionAction {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Bytes under the last mark of a disk of this size: each bitmap has it from its beginning, so it is copied each time. */
export const lastPiece = (diskSize: number): number => diskSize % bitmapGranularity || bitmapGranularity

/**
 * Bytes of the disk that a bitmap marks, whose last piece is marked: QEMU counts that in full, past the disk's end. What
 * was counted within the disk stays as it is.
 */
export const markedWithin = (diskSize: number, counted: number): number =>
  Math.max(0, (Math.ceil(counted / bitmapGranularity) - 1) * bitmapGranularity + lastPiece(diskSize))

export interface BitmapPlace {
  readonly node: string
  readonly name: string
}

/** From here on every write is marked. `node`: the disk's own, below any filter. */
export const addBitmap = (node: string, { name, persistent }: NewBitmap): TransactionAction => ({
  type: 'block-dirty-bitmap-add',
  data: { node, name, persistent, granularity: bitmapGranularity },
})

/**
 * The bitmap begins; its end mark is there already. A cut within the last mark does not clear it, so the last piece of the
 * disk counts as changed from the beginning, and is copied each time.
 */
export function beginTracking(node: string, bitmap: NewBitmap): readonly TransactionAction[] {
  const { name } = bitmap
  const merge = { node, target: name, bitmaps: [endMarkOf(name)] }
  return [addBitmap(node, bitmap), { type: 'block-dirty-bitmap-merge', data: merge }]
}

/**
 * A copy of a bitmap as it is at this moment, on the node that a job reads: a job finds no bitmap of the nodes below
 * (qemu.md 5.1). The copy records nothing and goes with its node; the original records on and is never the job's.
 */
export const borrowBitmap = ({
  from,
  to,
}: {
  readonly from: BitmapPlace
  readonly to: BitmapPlace
}): readonly TransactionAction[] => [
  {
    type: 'block-dirty-bitmap-add',
    data: { node: to.node, name: to.name, granularity: bitmapGranularity, persistent: false, disabled: true },
  },
  {
    type: 'block-dirty-bitmap-merge',
    data: { node: to.node, target: to.name, bitmaps: [{ node: from.node, name: from.name }] },
  },
]
