import type { JobId } from '../../../shared/domain/ids.ts'
import type { DiskProgress, Phase, PhaseName } from '../../../shared/domain/job.ts'
import { RateMeter } from '../jobs/rate.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { Clock } from '../ports/index.ts'

const order: readonly PhaseName[] = ['prepared', 'copying', 'checking', 'recorded']

/** Phases of a restore with `current` under way; null: all done. `last` names the last one. */
export function phasesAt(current: PhaseName | null, last = 'Swapped', skipped: readonly PhaseName[] = []): Phase[] {
  const reached = current === null ? order.length : order.indexOf(current)
  return order.map((name, index) => ({
    name,
    state: skipped.includes(name) ? 'skipped' : index < reached ? 'done' : index === reached ? 'current' : 'todo',
    label: name === 'recorded' ? last : null,
  }))
}

/** Tells the job's bytes while its disks are copied and read back. */
export class CopyReport {
  #board: JobBoard
  #clock: Clock
  #id: JobId
  #meter = new RateMeter()
  #disks: DiskProgress[]
  #checkTotal: number
  #checkedBefore = 0

  constructor(
    board: JobBoard,
    clock: Clock,
    id: JobId,
    disks: readonly { diskId: DiskProgress['diskId']; name: string; dataBytes: number; virtualSize: number }[],
  ) {
    this.#board = board
    this.#clock = clock
    this.#id = id
    this.#disks = disks.map(({ diskId, name, dataBytes }) => ({
      diskId,
      name,
      doneBytes: 0,
      totalBytes: dataBytes,
      done: false,
    }))
    this.#checkTotal = disks.reduce((sum, disk) => sum + disk.virtualSize, 0)
  }

  get totalBytes(): number {
    return this.#disks.reduce((sum, disk) => sum + disk.totalBytes, 0)
  }

  /** `fraction` of the disk at `index` is written. */
  copied(index: number, fraction: number): void {
    this.#disks = this.#disks.map((disk, at) =>
      at === index ? { ...disk, doneBytes: Math.round(disk.totalBytes * fraction), done: fraction >= 1 } : disk,
    )
    const done = this.#disks.reduce((sum, disk) => sum + disk.doneBytes, 0)
    const progress = this.#meter.progress(this.#clock.monotonic(), done, this.totalBytes)
    this.#board.update(this.#id, { disks: this.#disks, progress })
  }

  /** Bytes of guest data of the disk under check that were read back. */
  checked(doneBytes: number): void {
    const done = Math.min(this.#checkTotal, this.#checkedBefore + doneBytes)
    this.#board.update(this.#id, { checked: { doneBytes: done, totalBytes: this.#checkTotal } })
  }

  diskChecked(virtualSize: number): void {
    this.#checkedBefore += virtualSize
    this.checked(0)
  }
}
