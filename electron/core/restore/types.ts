import type { JobId, PointId, RestoreId } from '../../../shared/domain/ids.ts'
import type { Preflight, Restore } from '../../../shared/domain/restore.ts'

/** Brings restore points back. Never deletes an image of the machine nor an undo copy. */
export interface RestoreService {
  /** What a swap would do and what stands against it. Looks at everything anew. @throws FloeError `point/unknown` */
  preflight(pointId: PointId): Promise<Preflight>
  /**
   * Replaces the machine's images by the point's, all or none, and keeps the old ones as undo copies.
   * @throws FloeError of the first pre-flight check that blocks; everything later fails the job
   */
  swap(pointId: PointId): Promise<JobId>
  /**
   * Copies the point's disks into an existing folder. Overwrites nothing.
   * @throws FloeError `restore/target-not-a-folder`, `restore/target-exists`, `restore/not-writable`, `restore/no-space`, `point/*`
   */
  toNewImage(pointId: PointId, directory: string, format: 'qcow2' | 'raw'): Promise<JobId>
  /** Newest first. Also looks, after answering, whether the undo copies are still there, and publishes what it finds. */
  restores(): readonly Restore[]
  undoPreflight(restoreId: RestoreId): Promise<Preflight>
  /** Swaps the undo copies back; the images of now become the new undo copies. */
  undo(restoreId: RestoreId): Promise<JobId>
  /** At start: finishes or takes back what was interrupted, and publishes the restores. Call it once machines are known. */
  reconcile(): Promise<void>
}

/** Told before each step that changes something; tests end the process there. */
export type StepHook = (name: string) => void
