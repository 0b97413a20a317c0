import { lastPiece } from '../tracking/commands.ts'
import type { PlannedDisk } from './plan.ts'

/** Of the bytes to copy: the last piece of each disk that is copied by bitmap, which is copied whether it changed or not. */
export const endBytesOf = (disks: readonly Pick<PlannedDisk, 'basis' | 'virtualSize'>[]): number =>
  disks.reduce((sum, { basis, virtualSize }) => (basis === 'bitmap' ? sum + lastPiece(virtualSize) : sum), 0)
