// What an earlier run of Floe left of a backup: inside QEMU, on the destination, among the restore points.
import { FloeError } from '../errors.ts'
import { deviceRoots } from '../instant/devices.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { Repository } from '../repository/types.ts'
import type { Remains } from './events.ts'
import type { Unfinished } from './journal.ts'
import { type QemuLink, unlessSlow } from './link.ts'
import { type BackupPlan, snapshotsOf } from './plan.ts'
import { ourJobs, ourTargets } from './qemu-copy.ts'
import { needsMachine } from './state.ts'
import { assertMarksKept } from './track.ts'

const share = (count: number, of: number) => (count === 0 ? 'none' : count === of ? 'all' : 'some')

/** QEMU's main loop may stall under a slow destination (peers.md E7); a copy that nobody follows is worse than waiting. */
async function patiently<T>(link: QemuLink, ask: (session: QmpSession) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await link.use(ask)
    } catch (error) {
      unlessSlow(error)
    }
  }
}

/**
 * The commands of an instant are sent together, so copies may run although one of them was refused before: a disk whose
 * writes go past its filter has no instant.
 */
async function isEachFiltered(session: QmpSession, plan: BackupPlan): Promise<boolean> {
  const disks = snapshotsOf(plan)
  if (disks.length === 0) return true
  const roots = await deviceRoots(session)
  return disks.every((disk) => roots.some((root) => root.path === disk.device && root.node === disk.filterNode))
}

/** Why marks of changes may be missing, which whoever began the copy would have asked right after; null when none are. */
async function lostMarks(session: QmpSession, plan: BackupPlan): Promise<FloeError | null> {
  try {
    await assertMarksKept(session, plan)
    return null
  } catch (error) {
    if (error instanceof FloeError && error.code === 'backup/parent-lost') return error
    // A QEMU that names no nodes, as after it has given up a damaged image, leaves it open.
    if (error instanceof QmpExecuteError) return error
    throw error
  }
}

/**
 * `lost`: why the copies that nobody saw begin lack something, when that is so.
 * @throws MachineEnded when the QEMU that ran the backup is gone, Detached
 */
export async function findRemains(
  { header, state, notes }: Unfinished,
  link: QemuLink,
  repository: Pick<Repository, 'points'>,
  partial: boolean,
): Promise<{ readonly remains: Remains; readonly lost: FloeError | null }> {
  const recorded = repository.points(header.machineId).some((point) => point.id === header.pointId)
  if (!needsMachine(state)) return { remains: { jobs: 'none', targets: 'none', partial, recorded }, lost: null }
  const { plan } = header
  const found = await patiently(link, async (session) => {
    const jobs = (await ourJobs(session, plan)).length
    const isUnseen = state.state === 'starting' && jobs > 0
    return {
      jobs,
      targets: (await ourTargets(session, plan)).length,
      isFiltered: !isUnseen || (await isEachFiltered(session, plan)),
      lost: isUnseen ? await lostMarks(session, plan) : null,
    }
  })
  const jobs = share(found.jobs, plan.disks.length)
  const isInstant = found.isFiltered && found.lost === null
  const remains: Remains = {
    // Without its folder or its instant a copy is worth nothing: better ended than adopted.
    jobs: (partial && isInstant) || jobs === 'none' ? jobs : 'some',
    // Images that are known to be closed are as good as those that can still be closed.
    targets: notes.closed ? 'all' : share(found.targets, plan.disks.length),
    partial,
    recorded,
  }
  return { remains, lost: found.lost }
}
