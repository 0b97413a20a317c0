// What an earlier run of Floe left of a backup: inside QEMU, on the destination, among the restore points.
import { deviceRoots } from '../instant/devices.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { Repository } from '../repository/types.ts'
import type { Remains } from './events.ts'
import type { Unfinished } from './journal.ts'
import { type QemuLink, unlessSlow } from './link.ts'
import { type BackupPlan, snapshotsOf } from './plan.ts'
import { ourJobs, ourTargets } from './qemu-copy.ts'
import { needsMachine } from './state.ts'

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

/** @throws MachineEnded when the QEMU that ran the backup is gone, Detached */
export async function findRemains(
  { header, state, notes }: Unfinished,
  link: QemuLink,
  repository: Pick<Repository, 'points'>,
  partial: boolean,
): Promise<Remains> {
  const recorded = repository.points(header.machineId).some((point) => point.id === header.pointId)
  if (!needsMachine(state)) return { jobs: 'none', targets: 'none', partial, recorded }
  const { plan } = header
  const found = await patiently(link, async (session) => ({
    jobs: (await ourJobs(session, plan)).length,
    targets: (await ourTargets(session, plan)).length,
    isInstant: state.state !== 'starting' || (await isEachFiltered(session, plan)),
  }))
  const jobs = share(found.jobs, plan.disks.length)
  return {
    // Without its folder or its instant a copy is worth nothing: better ended than adopted.
    jobs: !partial ? 'none' : found.isInstant || jobs === 'none' ? jobs : 'some',
    // Images that are known to be closed are as good as those that can still be closed.
    targets: notes.closed ? 'all' : share(found.targets, plan.disks.length),
    partial,
    recorded,
  }
}
