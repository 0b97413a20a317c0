// The dirty bitmaps of a backup outside its instant: what earlier ones left is removed before it, what it makes needless
// after it. Tracking that fails costs a comparison later, and never a backup now.
import type { DiskId, MachineId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Logger } from '../ports/index.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { keptItsEnd } from '../tracking/basis.ts'
import { addBitmap } from '../tracking/commands.ts'
import { removeEndMarker, setEndMark } from '../tracking/end-mark.ts'
import { endMarkOf } from '../tracking/naming.ts'
import { readTracking } from '../tracking/reading.ts'
import { removeBitmaps, staleBitmaps } from '../tracking/tidy.ts'
import type { BackupHeader } from './journal.ts'
import type { BackupPlan } from './plan.ts'

type Header = Pick<BackupHeader, 'plan' | 'destination' | 'machineName'>

/** Bitmaps of this destination on the plan's disks that nobody will ask for. `keep`: their names stay. */
async function removeStale(session: QmpSession, { plan, destination }: Header, keep: ReadonlySet<string>) {
  const disks = plan.disks.map((disk) => ({ id: disk.id, node: disk.sourceNode }))
  const tracking = await readTracking(session, disks)
  for (const { id, node } of disks) {
    const found = tracking.get(id)
    if (found) await removeBitmaps(session, node, staleBitmaps(found, destination.id, keep))
  }
}

/** `named`: bitmaps that restore points name. Failures are logged: too many bitmaps do no harm. */
export async function removeLeftovers(
  session: QmpSession,
  header: Header,
  named: ReadonlySet<string | null>,
  logger: Logger,
): Promise<void> {
  const own = header.plan.disks.flatMap((disk) => [disk.oldBitmap, disk.newBitmap?.name ?? null])
  const keep = new Set([...named, ...own].filter((name) => name !== null))
  try {
    await removeStale(session, header, keep)
  } catch (error) {
    if (!(error instanceof QmpExecuteError)) throw error
    logger.warn('Dirty bitmaps of earlier backups were not removed', { error: error.message })
  }
}

/** No point will name them. What is not there is passed over. */
export async function removeNewBitmaps(session: QmpSession, plan: BackupPlan): Promise<void> {
  for (const { sourceNode, newBitmap } of plan.disks) {
    if (newBitmap !== null) await removeBitmaps(session, sourceNode, [newBitmap.name, endMarkOf(newBitmap.name)])
  }
  await removeEndMarker(session)
}

/**
 * Makes ready for the planned bitmaps: each gets its end mark, and is itself tried, which leaves nothing. Answers the disks
 * on which QEMU refuses either.
 */
export async function refusedBitmaps(
  session: QmpSession,
  plan: BackupPlan,
  logger: Logger,
): Promise<readonly DiskId[]> {
  const refused: DiskId[] = []
  for (const { id, sourceNode, newBitmap, virtualSize } of plan.disks) {
    if (newBitmap === null) continue
    try {
      const { type, data } = addBitmap(sourceNode, newBitmap)
      await session.execute(type, data)
      await session.execute('block-dirty-bitmap-remove', { node: sourceNode, name: newBitmap.name })
      await setEndMark(session, { node: sourceNode, bitmap: newBitmap, size: virtualSize })
    } catch (error) {
      if (!(error instanceof QmpExecuteError)) throw error
      logger.warn('QEMU does not track the changes of a disk', { disk: id, error: error.message })
      await removeBitmaps(session, sourceNode, [endMarkOf(newBitmap.name)])
      refused.push(id)
    }
  }
  return refused
}

/**
 * Asked right after the instant, when no disk can be made smaller any more: what was found while planning still holds.
 * @throws FloeError `backup/parent-lost` when a disk was cut since, and has lost marks
 */
export async function assertMarksKept(session: QmpSession, plan: BackupPlan): Promise<void> {
  if (plan.way === 'offline') return
  const disks = plan.disks.filter((disk) => disk.oldBitmap !== null)
  if (disks.length === 0) return
  const tracking = await readTracking(
    session,
    disks.map(({ id, sourceNode }) => ({ id, node: sourceNode })),
  )
  for (const { id, oldBitmap, parentId } of disks) {
    const found = tracking.get(id)
    if (found && oldBitmap !== null && keptItsEnd(oldBitmap, found)) continue
    const text = `The disk ${id} was made smaller while the backup began.`
    throw new FloeError(
      'backup/parent-lost',
      `What changed since the last restore point is not known any more: ${text}`,
      {
        params: { disk: id, parentId, text },
        remedy: 'Back up again: Floe then compares the disk with the restore point.',
      },
    )
  }
}

/** Once the point is recorded, the bitmap it started from is needless: the new one goes on. Never fails the backup. */
export async function removeOldBitmaps(
  machines: Pick<MachineService, 'acquire' | 'get'>,
  machineId: MachineId,
  header: Header & Pick<BackupHeader, 'pid'>,
  logger: Logger,
): Promise<void> {
  if (header.plan.way === 'offline') return
  const keep = new Set(header.plan.disks.flatMap((disk) => disk.bitmap ?? []))
  try {
    if (machines.get(machineId).pid !== header.pid) return
    await using lease = await machines.acquire(machineId)
    await removeStale(lease.session, header, keep)
  } catch (error) {
    logger.warn('Dirty bitmaps that are needed no more stay until the next backup', { error: String(error) })
  }
}
