// Which restore points stay: pins, deletion with what depends on it, retention, and what two points differ in.
import type { DestinationId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type {
  DeletePreview,
  PointDifference,
  RetentionPolicy,
  RetentionPreview,
} from '../../../shared/domain/retention.ts'
import { FloeError } from '../errors.ts'

export interface RetentionRequest {
  readonly machineId: MachineId
  readonly destinationId: DestinationId
  readonly policy: RetentionPolicy
}

export interface PointKeeping {
  pin(pointId: PointId, pinned: boolean): Promise<Point>
  deletePreview(pointIds: readonly PointId[]): Promise<DeletePreview>
  prunePreview(request: RetentionRequest): Promise<RetentionPreview>
  /** `expected`: what the preview showed; null: whatever it is now. @throws FloeError `point/plan-changed` */
  prune(request: RetentionRequest & { readonly expected: readonly PointId[] | null }): Promise<JobId>
  difference(from: PointId, to: PointId): Promise<PointDifference>
}

const later = (): never => {
  throw new FloeError('system/unexpected', 'This part of Floe is being built.')
}

export function createPointKeeping(): PointKeeping {
  return {
    pin: async () => later(),
    deletePreview: async () => later(),
    prunePreview: async () => later(),
    prune: async () => later(),
    difference: async () => later(),
  }
}
