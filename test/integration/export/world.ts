import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { createActivityLog } from '../../../electron/core/activity/activity-log.ts'
import { planFreeze } from '../../../electron/core/backup/freeze-plan.ts'
import { FloeError } from '../../../electron/core/errors.ts'
import { createExportService, type ExportService } from '../../../electron/core/export/export-service.ts'
import type { HoldLimits } from '../../../electron/core/export/holders.ts'
import type { ExportInput } from '../../../electron/core/export/plan.ts'
import type { KnownPoints } from '../../../electron/core/export/since.ts'
import { createGuestKeeper } from '../../../electron/core/guest-agent/keeper.ts'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { createJobBoard } from '../../../electron/core/jobs/board.ts'
import type { JobBoard } from '../../../electron/core/jobs/types.ts'
import { createMachineService, type MachineServiceDeps } from '../../../electron/core/machines/machine-service.ts'
import { offImagesOf } from '../../../electron/core/off-images.ts'
import { createTopics } from '../../../electron/core/topics/topic.ts'
import type { JobId } from '../../../shared/domain/ids.ts'
import type { ExportPlace, Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { defaultSettings, type Settings } from '../../../shared/domain/settings.ts'
import { worldPorts } from '../../support/backup-world.ts'
import type { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

/** The parts of Floe that an export needs, real ones, on a home of the test's own. */
export interface ExportWorld extends AsyncDisposable {
  readonly home: TempDir
  readonly board: JobBoard
  readonly exports: ExportService
  machine(qmpPath: string): Promise<Machine>
  start(machine: Machine, change?: Partial<ExportInput>): Promise<JobId>
  /** Starts an export, holds it, and waits until it can be read. */
  held(machine: Machine, change?: Partial<ExportInput>): Promise<Held>
  reach(id: JobId, kind: Job['state']['kind']): Promise<Job>
  /** What is left of exports on the disk: journals, scratch images, sockets. */
  files(): string[]
  /** Stops this Floe as the product does. */
  stop(): Promise<void>
}

export interface Held {
  readonly id: JobId
  readonly place: ExportPlace
  readonly job: Job
  /** Settles as the hold does. */
  readonly hold: Promise<void>
  letGo(): void
}

const noPoints: KnownPoints = {
  point: (id) => {
    throw new FloeError('point/unknown', `There is no restore point ${id}.`)
  },
  points: () => [],
}

export async function exportWorld(
  options: {
    home?: TempDir
    holdLimits?: HoldLimits
    againAfterMs?: number
    settings?: Partial<Settings>
    parent?: number
    connect?: MachineServiceDeps['connect']
    points?: KnownPoints
  } = {},
): Promise<ExportWorld> {
  const home = options.home ?? tempDir('fe-')
  const ports = worldPorts({}, options.parent)
  const paths = homePaths(home.path)
  const topics = createTopics()
  const board = createJobBoard({ ports, topic: topics.jobs })
  const machines = createMachineService({
    ports,
    registryFile: paths.machines,
    topic: topics.machines,
    ...(options.connect ? { connect: options.connect } : {}),
  })
  const activity = createActivityLog({ ports, file: paths.activity, topic: topics.activity })
  const keeper = createGuestKeeper({ ports, recordsDir: paths.guests })
  await machines.start()
  const exports = createExportService({
    machines,
    board,
    activity,
    ports,
    keeper,
    openOffImages: offImagesOf(machines, ports),
    journalDir: paths.exports,
    surroundings: () => ({
      settings: { ...defaultSettings, ...options.settings },
      planFreeze,
      scratchDir: paths.scratch,
      runDir: paths.run,
      shortDir: '/tmp',
      now: new Date(),
      points: options.points ?? noPoints,
    }),
    ...(options.holdLimits ? { holdLimits: options.holdLimits } : {}),
    ...(options.againAfterMs ? { againAfterMs: options.againAfterMs } : {}),
  })
  await exports.reconcile()
  const start: ExportWorld['start'] = (machine, change = {}) =>
    exports.start({ machineId: machine.id, diskIds: null, since: null, freeze: null, requireFreeze: null, ...change })
  const reach: ExportWorld['reach'] = (id, kind) =>
    until(() => {
      const job = board.get(id)
      if (job.state.kind === 'failed' && kind !== 'failed') throw new Error(JSON.stringify(job.state.problem))
      return job.state.kind === kind ? job : null
    }, `the export to be ${kind}`)
  const stop = async () => {
    exports.stop()
    await board.stop()
    await keeper.stop()
    await machines.stop()
    await activity.flush()
  }
  return {
    home,
    board,
    exports,
    machine: (qmpPath) => machines.add(qmpPath, null, null),
    start,
    held: async (machine, change) => {
      const id = await start(machine, change)
      const letting = new AbortController()
      const hold = exports.hold(id, letting.signal)
      hold.catch(() => {})
      const job = await reach(id, 'holding')
      return { id, job, place: job.export as ExportPlace, hold, letGo: () => letting.abort() }
    },
    reach,
    files: () => ['exports', 'scratch', 'run'].flatMap((name) => filesIn(home.file(name))),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
      if (!options.home) home[Symbol.dispose]()
    },
  }
}

export const filesIn = (path: string): string[] =>
  existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []

/** Everything of Floe's inside a QEMU, by name: nodes, exports, jobs. */
export async function leftIn(monitor: RawQmp): Promise<string[]> {
  const nodes = await monitor.command<{ 'node-name'?: string }[]>('query-named-block-nodes')
  const exports = await monitor.command<{ id: string }[]>('query-block-exports')
  const jobs = await monitor.command<{ id: string }[]>('query-jobs')
  const names = [...nodes.map((node) => node['node-name'] ?? ''), ...[...exports, ...jobs].map(({ id }) => id)]
  return names.filter((name) => name.startsWith('floe-'))
}

/** Is QEMU's one NBD server free? */
export async function serverIsFree(monitor: RawQmp, path: string): Promise<boolean> {
  await monitor.command('nbd-server-start', { addr: { type: 'unix', data: { path } } })
  await monitor.command('nbd-server-stop')
  return true
}

const execute = promisify(execFile)

export async function tool(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const { stdout } = await execute(program, [...args], {
    maxBuffer: 256 << 20,
    env: { ...process.env, ...env },
  })
  return stdout
}
