import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { createActivityLog } from '../../electron/core/activity/activity-log.ts'
import {
  type BackupDependencies,
  type BackupService,
  createBackupService,
} from '../../electron/core/backup/backup-service.ts'
import { createGuestKeeper } from '../../electron/core/guest-agent/keeper.ts'
import { homePaths } from '../../electron/core/home/home-paths.ts'
import { createJobBoard } from '../../electron/core/jobs/board.ts'
import type { JobBoard } from '../../electron/core/jobs/types.ts'
import { lendMonitor } from '../../electron/core/machines/lend-monitor.ts'
import { createMachineService, type MachineServiceDeps } from '../../electron/core/machines/machine-service.ts'
import type { MachineService } from '../../electron/core/machines/types.ts'
import type { Ports } from '../../electron/core/ports/index.ts'
import { createNodePorts, createPlatform } from '../../electron/core/ports/node-ports.ts'
import { createRepository } from '../../electron/core/repository/repository.ts'
import type { Repository } from '../../electron/core/repository/types.ts'
import { createTopics, type Topics } from '../../electron/core/topics/topic.ts'
import type { Destination } from '../../shared/domain/destination.ts'
import type { JobId } from '../../shared/domain/ids.ts'
import type { Job } from '../../shared/domain/job.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import type { Point } from '../../shared/domain/point.ts'
import { defaultSettings, type Settings } from '../../shared/domain/settings.ts'
import { quietLogger } from './core.ts'
import { guardCommand } from './guard-command.ts'
import { startingQemus, type TestQemu } from './qemu.ts'
import { until } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

/** The parts of Floe that a backup needs, real ones, on a home of the test's own. */
export interface BackupFloe {
  readonly machines: MachineService
  readonly repository: Repository
  readonly board: JobBoard
  readonly backups: BackupService
  readonly activity: ReturnType<typeof createActivityLog>
  readonly topics: Topics
  stop(): Promise<void>
}

export interface BackupWorld extends AsyncDisposable {
  readonly home: TempDir
  readonly destination: Destination
  readonly floe: BackupFloe
  /** Stops this Floe without ending its jobs and starts another one on the same home. */
  restart(between?: () => Promise<void>): Promise<BackupFloe>
  machine(qemu: TestQemu): Promise<Machine>
  start(machine: Machine, change?: Partial<Parameters<BackupService['start']>[0]>): Promise<JobId>
  /** Starts a backup and waits for its end. */
  run(machine: Machine, change?: Partial<Parameters<BackupService['start']>[0]>): Promise<Job>
  /** Waits until the job shows this state. */
  reach(id: JobId, kind: Job['state']['kind']): Promise<Job>
  pointOf(job: Job): Point
  image(point: Point, disk: string): string
  journals(): string[]
  partials(): string[]
}

type Connect = MachineServiceDeps['connect']

/** Floe's parts on a home folder, with whatever an earlier run left there taken up. */
export async function startParts(
  home: string,
  ports: Ports,
  connect?: Connect,
  settings: Partial<Settings> = {},
  careTiming: BackupDependencies['careTiming'] = {},
  waitingTiming: BackupDependencies['waitingTiming'] = {},
): Promise<BackupFloe> {
  const paths = homePaths(home)
  const topics = createTopics()
  const board = createJobBoard({ ports, topic: topics.jobs })
  const machines = createMachineService({
    ports,
    registryFile: paths.machines,
    topic: topics.machines,
    ...(connect ? { connect } : {}),
  })
  const repository = createRepository({ ports, registryFile: paths.destinations, homeId: 'testhome', topics })
  const activity = createActivityLog({ ports, file: paths.activity, topic: topics.activity })
  await repository.start()
  await machines.start()
  const keeper = createGuestKeeper({ ports, recordsDir: paths.guests, openMonitor: lendMonitor(machines) })
  const backups = createBackupService({
    machines,
    repository,
    board,
    activity,
    ports,
    settings: { get: () => ({ ...defaultSettings, ...settings }) },
    journalDir: paths.backupJournals,
    scratchDir: paths.scratch,
    runDir: paths.run,
    keeper,
    careTiming,
    waitingTiming,
  })
  await keeper.start()
  await backups.reconcile()
  const stop = async () => {
    await backups.stop()
    await keeper.stop()
    await machines.stop()
    await repository.stop()
  }
  return { machines, repository, board, backups, activity, topics, stop }
}

/** Settings that leave no room for scratch images, so that backups go straight to the destination. */
export const plainPush: Partial<Settings> = { scratchFolder: '/dev/null/scratch' }

/** The ports of a Floe that sees only QEMUs started by `parent`: other tests' machines are none of its business. */
export function worldPorts(change: Partial<Ports> = {}, parent = process.pid): Ports {
  const indexWorker = new URL('../../electron/core/repository/content-index/worker.ts', import.meta.url)
  const system = createPlatform()
  const platform = {
    ...system,
    externalVolumes: async () => [],
    listProcesses: async () =>
      (await system.listProcesses()).filter(({ ppid, pid }) => ppid === parent && !startingQemus.has(pid)),
  }
  return createNodePorts({ indexWorker, guardCommand, platform, logger: quietLogger, ...change })
}

export async function backupWorld(
  options: {
    destinationPath?: string
    ports?: Partial<Ports>
    connect?: Connect
    /** Looked at anew each time: change it to change them. */
    settings?: Partial<Settings>
    careTiming?: BackupDependencies['careTiming']
    waitingTiming?: BackupDependencies['waitingTiming']
  } = {},
): Promise<BackupWorld> {
  const home = tempDir('fw-')
  const ports = worldPorts(options.ports)
  let floe = await startParts(
    home.path,
    ports,
    options.connect,
    options.settings,
    options.careTiming,
    options.waitingTiming,
  )
  const path = options.destinationPath ?? home.file('backups')
  mkdirSync(path, { recursive: true })
  const destination = await floe.repository.addDestination(path, 'Drive')
  const start: BackupWorld['start'] = (machine, change = {}) =>
    floe.backups.start({
      machineId: machine.id,
      destinationId: destination.id,
      diskIds: null,
      limit: null,
      check: false,
      ...change,
    })
  return {
    home,
    destination,
    get floe() {
      return floe
    },
    restart: async (between) => {
      await floe.stop()
      await between?.()
      floe = await startParts(
        home.path,
        ports,
        options.connect,
        options.settings,
        options.careTiming,
        options.waitingTiming,
      )
      return floe
    },
    machine: (qemu) => floe.machines.add(qemu.qmpPath, null, null),
    start,
    run: async (machine, change) => floe.board.whenFinal(await start(machine, change)),
    reach: (id, kind) =>
      until(() => {
        const job = floe.board.get(id)
        return job.state.kind === kind ? job : null
      }, `the job to be ${kind}`),
    pointOf: (job) => {
      if (job.state.kind !== 'done') throw new Error(`The backup ended ${JSON.stringify(job.state, null, 1)}`)
      return floe.repository.point(job.result?.pointId as Point['id'])
    },
    image: (point, disk) => {
      const found = point.disks.find((candidate) => [disk, `n-${disk}`].includes(candidate.id))
      if (!found) throw new Error(`No disk ${disk} among ${point.disks.map((candidate) => candidate.id)}`)
      return `${point.path}/${found.file}`
    },
    journals: () => filesIn(home.file('journals', 'backup')),
    partials: () => filesBelow(path).filter((name) => name.includes('.partial-')),
    [Symbol.asyncDispose]: async () => {
      await floe.stop()
      home[Symbol.dispose]()
    },
  }
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function filesBelow(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}

/** A file system in memory of a fixed size, mounted for a test. Needs root, as the test machines have it. */
export function smallVolume(bytes: number): Disposable & { readonly path: string } {
  const dir = tempDir('ft-')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'floe-test', dir.path])
  return {
    path: dir.path,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', dir.path])
      dir[Symbol.dispose]()
    },
  }
}
