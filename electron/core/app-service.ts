// The one facade that hosts call: every call of the contract, answered by the service that owns the matter.

import type { MachineId } from '../../shared/domain/ids.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import { ipcVersion } from '../../shared/ipc/channels.ts'
import type { Diagnostic, HostInfo } from '../../shared/ipc/contract.ts'
import type { ActivityLog } from './activity/types.ts'
import type { BackupService } from './backup/backup-service.ts'
import type { Demo } from './demo/demo.ts'
import type { ExportService } from './export/export-service.ts'
import type { Handlers } from './gate/handlers.ts'
import type { GuestKeeper } from './guest-agent/types.ts'
import type { SettingsStore } from './home/settings-store.ts'
import { assertIdle } from './jobs/assert-idle.ts'
import type { JobBoard } from './jobs/types.ts'
import { machinesOnSameDisk } from './machines/same-disk.ts'
import type { MachineService } from './machines/types.ts'
import type { PointKeeping } from './points/keeping.ts'
import type { PointJobs } from './points/point-jobs.ts'
import type { Ports } from './ports/index.ts'
import type { Repository } from './repository/types.ts'
import type { RestoreService } from './restore/restore-service.ts'
import type { NeedlessBitmaps } from './tracking/needless-bitmaps.ts'

export interface Services {
  readonly ports: Ports
  readonly homeDir: string
  readonly version: string
  readonly machines: MachineService
  readonly keeper: Pick<GuestKeeper, 'thawNow'>
  readonly repository: Repository
  readonly backups: BackupService
  readonly exports: ExportService
  readonly restores: RestoreService
  readonly points: PointJobs
  readonly keeping: PointKeeping
  readonly board: JobBoard
  readonly activity: ActivityLog
  readonly settings: SettingsStore
  readonly demo: Demo
  readonly needless: Pick<NeedlessBitmaps, 'forget'>
  readonly doctor: () => Promise<Diagnostic[]>
}

const done = async (work: unknown): Promise<Record<string, never>> => {
  await work
  return {}
}

/** Newest first, by the given time. */
const newestFirst = <T>(items: readonly T[], time: (item: T) => string): T[] =>
  [...items].sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0))

export function createHandlers(services: Services): Handlers {
  const { machines, repository, backups, restores, points, keeping, board, activity, settings, demo, needless } =
    services
  const isFree = (id: MachineId) => board.active().every((job) => job.machineId !== id)
  const hello: HostInfo = {
    ipcVersion,
    version: services.version,
    platform: services.ports.platform.name,
    homeDir: services.homeDir,
    userDir: services.ports.userDir,
    can: { chooseFolder: false, showInFolder: false },
  }
  return {
    'app.hello': async () => hello,
    'app.doctor': () => services.doctor(),

    'machines.list': async () => [...machines.list()],
    'machines.refresh': () => machines.refresh(),
    'machines.probe': async ({ qmp, agent }) => [...(await machines.probe(qmp, agent))],
    'machines.add': ({ qmp, agent, name }) => machines.add(qmp, agent, name),
    'machines.setAgent': ({ machineId, agent }) => machines.setAgent(machineId, agent),
    'machines.askAgent': ({ machineId }) => machines.askAgent(machineId),
    'machines.thaw': ({ machineId }) => done(services.keeper.thawNow(machineId)),
    'machines.remove': async ({ machineId }) => {
      assertIdle(board, machineId)
      const ours = repository.destinations().map(({ id }) => id)
      await needless.forget(machines.get(machineId), ours, ({ id }) => isFree(id))
      // Something may have begun meanwhile.
      assertIdle(board, machineId)
      return done(machines.remove(machineId))
    },
    'machines.shutDownGuest': ({ machineId }) => done(machines.shutDownGuest(machineId)),

    'destinations.list': async () => [...repository.destinations()],
    'destinations.suggest': async () => {
      const suggestions = await repository.suggestDestinations()
      return Promise.all(
        suggestions.map(async (suggestion) => {
          const sameDisk = await machinesOnSameDisk(machines.list(), suggestion.path)
          const warning = sameDisk.length > 0 ? 'Same disk as the machine: no help if it fails' : null
          return { ...suggestion, warning: suggestion.warning ?? warning }
        }),
      )
    },
    'destinations.add': ({ path, name }) => repository.addDestination(path, name),
    'destinations.remove': async ({ destinationId }) => {
      await repository.removeDestination(destinationId)
      // Images of a machine that is off may be what one of its jobs is working on.
      const mayNow = ({ id, state }: Machine) => state.kind !== 'off' || isFree(id)
      const forget = (machine: Machine) => needless.forget(machine, [destinationId], mayNow)
      return done(Promise.all(machines.list().map(forget)))
    },

    'backup.preview': (input) => backups.preview(input),
    'backup.start': async (input) => ({ jobId: await backups.start(input) }),

    'export.start': async (input) => ({ jobId: await services.exports.start(input) }),
    'export.hold': ({ jobId }, signal) => done(services.exports.hold(jobId, signal)),

    'jobs.list': async () => newestFirst(board.list(), (job) => job.createdAt),
    'jobs.pause': ({ jobId }) => done(board.pause(jobId)),
    'jobs.resume': ({ jobId }) => done(board.resume(jobId)),
    'jobs.cancel': ({ jobId }) => done(board.cancel(jobId)),
    'jobs.setLimit': ({ jobId, limit }) => done(board.setLimit(jobId, limit)),
    'jobs.startNow': ({ jobId }) => done(board.startNow(jobId)),
    'jobs.skipCheck': ({ jobId }) => done(board.skipCheck(jobId)),

    'points.list': async ({ machineId }) => newestFirst(repository.points(machineId), (point) => point.createdAt),
    'points.get': async ({ pointId }) => repository.point(pointId),
    'points.verify': async ({ pointId, level }) => ({ jobId: points.verify(pointId, level) }),
    'points.delete': async ({ pointIds, evenProtected }) => ({ jobId: points.delete(pointIds, evenProtected) }),
    'points.deletePreview': ({ pointIds }) => keeping.deletePreview(pointIds),
    'points.pin': ({ pointId, pinned }) => keeping.pin(pointId, pinned),
    'points.prunePreview': (input) => keeping.prunePreview(input),
    'points.prune': async (input) => ({ jobId: await keeping.prune(input) }),
    'points.diff': ({ from, to }) => keeping.difference(from, to),

    'restore.preflight': ({ pointId }) => restores.preflight(pointId),
    'restore.swap': async ({ pointId }) => ({ jobId: await restores.swap(pointId) }),
    'restore.toNewImage': async ({ pointId, directory, format }) => ({
      jobId: await restores.toNewImage(pointId, directory, format),
    }),
    'restores.list': async () => newestFirst(restores.restores(), (restore) => restore.createdAt),
    'restores.undoPreflight': ({ restoreId }) => restores.undoPreflight(restoreId),
    'restores.undo': async ({ restoreId }) => ({ jobId: await restores.undo(restoreId) }),

    'activity.list': async () => [...activity.list()],
    'activity.dismiss': ({ activityId }) => done(activity.dismiss(activityId)),

    'settings.get': async () => settings.get(),
    'settings.set': (change) => settings.set(change),

    'demo.get': async () => demo.get(),
    'demo.start': () => demo.start(),
    'demo.stop': () => demo.stop(),
    'demo.remove': () => demo.remove(),
  }
}
