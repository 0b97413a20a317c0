// After a restart of Floe: every journal without an end is a backup somebody must take up. What QEMU still does is
// adopted, what only lacks bookkeeping is finished, and the rest is cleaned up. A crash is one more event.
import { rm } from 'node:fs/promises'
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { toProblem } from '../errors.ts'
import type { GuestKeeper } from '../guest-agent/types.ts'
import { removeScratchFiles } from '../instant/remove.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'
import type { CareTiming } from './copy-care.ts'
import type { BackupEvent } from './events.ts'
import { Journal, optionsOf, readJournals, type Unfinished } from './journal.ts'
import type { QemuLink } from './link.ts'
import { MachineEnded } from './machine-link.ts'
import { DaemonEnded } from './offline-link.ts'
import { snapshotsOf } from './plan.ts'
import { checkFailed, interrupted } from './problems.ts'
import { findRemains } from './remains.ts'
import { placeOf, type RunView } from './run-context.ts'
import { BackupRun } from './runner.ts'
import { notHeld } from './take-instant.ts'

interface Dependencies {
  readonly machines: MachineService
  readonly keeper: Pick<GuestKeeper, 'around'>
  readonly repository: Repository
  readonly board: Pick<JobBoard, 'active'>
  readonly ports: Ports
  readonly settings: { get(): Settings }
  readonly careTiming?: Partial<CareTiming>
  readonly journalDir: string
}

/** Hands every unfinished backup to `takeUp`, and removes partial points that nobody owns any more. */
export async function reconcileBackups(deps: Dependencies, takeUp: (unfinished: Unfinished) => void): Promise<void> {
  const { ports, repository, board, journalDir } = deps
  const { unfinished, unreadable } = await readJournals(journalDir)
  for (const path of unreadable) ports.logger.error('A backup journal cannot be understood; it is left alone', { path })
  const alive = new Set<JobId>(board.active().map((job) => job.id))
  for (const backup of unfinished) {
    if (backup.state.state === 'ended') await (await Journal.reopen(journalDir, backup.header.jobId)).remove()
    else {
      alive.add(backup.header.jobId)
      takeUp(backup)
    }
  }
  // An unreadable journal may own a partial point that QEMU still writes to.
  if (unreadable.length > 0) return
  try {
    const swept = await repository.sweepPartials(alive)
    if (swept.removed > 0) ports.logger.info('Removed unfinished copies that nobody owns', swept)
  } catch (error) {
    ports.logger.warn('Unfinished copies were not looked for', { error: String(error) })
  }
}

function whyGone(ended: MachineEnded): string {
  return ended instanceof DaemonEnded
    ? 'Floe was closed before the copy was complete, and a machine that is off is copied only while Floe is open.'
    : 'Floe was closed, and the machine stopped before the copy was complete.'
}

/** Finds out what is left of a backup and says how it goes on. @throws Detached, FloeError when the journal cannot be written */
export async function resumeBackup(
  deps: Dependencies,
  unfinished: Unfinished,
  link: QemuLink,
  view: RunView,
): Promise<{ readonly run: BackupRun; readonly first: BackupEvent }> {
  const { header, state, notes } = unfinished
  const partial = await deps.repository.findPartial(header.destination.id, header.pointId).catch((error: unknown) => {
    deps.ports.logger.warn('The folder of an unfinished backup was not found', { error: String(error) })
    return null
  })
  const place = placeOf(header)
  let first: BackupEvent
  try {
    const { remains, lost } = await findRemains(unfinished, link, deps.repository, partial !== null)
    const missed = state.state === 'starting' && remains.jobs === 'all' && optionsOf(header).unseen === null
    const why = missed
      ? notHeld(header, 'Floe was closed while the guest was being frozen, so nobody can tell whether the freeze held.')
      : state.state === 'checking'
        ? checkFailed(
            place,
            `${header.destination.name} was not there, or did not have it, when Floe was opened again.`,
          )
        : interrupted(place, 'Floe was closed, and the copy could not be finished.')
    first = { event: 'resumed', remains, problem: toProblem(lost ?? why) }
  } catch (error) {
    if (!(error instanceof MachineEnded)) throw error
    const why = interrupted(place, whyGone(error), error)
    const isWhole = notes.closed && state.state === 'releasing' && state.outcome.kind === 'copied'
    first = isWhole ? { event: 'released' } : { event: 'machine-gone', problem: toProblem(why) }
    if (isWhole) {
      await removeScratchFiles(snapshotsOf(header.plan))
      await rm(header.reading.socketFolder, { recursive: true, force: true })
    }
  }
  const journal = await Journal.reopen(deps.journalDir, header.jobId)
  view.onState(state)
  return {
    run: new BackupRun(deps, view, { header, state, notes, link, journal, partial }),
    first,
  }
}
