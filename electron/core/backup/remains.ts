// What an earlier run of Floe left of a backup: inside QEMU, on the destination, among the restore points.
import { FloeError } from '../errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { Repository } from '../repository/types.ts'
import type { Remains } from './events.ts'
import type { Unfinished } from './journal.ts'
import type { QemuLink } from './link.ts'
import { ourJobs, ourTargets } from './qemu-copy.ts'
import { needsMachine } from './state.ts'

const share = (count: number, of: number) => (count === 0 ? 'none' : count === of ? 'all' : 'some')

/** QEMU's main loop may stall under a slow destination (peers.md E7); a copy that nobody follows is worse than waiting. */
async function patiently<T>(link: QemuLink, ask: (session: QmpSession) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await link.use(ask)
    } catch (error) {
      if (!(error instanceof FloeError) || error.code !== 'machine/timeout') throw error
    }
  }
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
  }))
  return {
    // Without its folder a copy is worth nothing: better ended than adopted.
    jobs: partial ? share(found.jobs, plan.disks.length) : 'none',
    // Images that are known to be closed are as good as those that can still be closed.
    targets: notes.closed ? 'all' : share(found.targets, plan.disks.length),
    partial,
    recorded,
  }
}
