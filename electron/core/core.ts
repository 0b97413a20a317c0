// The composition root of the core: builds every service over one home folder, and starts and stops them in order.
// Whoever calls this owns the home (see control/): there is never a second core on the same one.
import { z } from 'zod'
import type { Settings } from '../../shared/domain/settings.ts'
import { createActivityLog } from './activity/activity-log.ts'
import { createHandlers } from './app-service.ts'
import { createBackupService } from './backup/backup-service.ts'
import { planFreeze } from './backup/freeze-plan.ts'
import { tellNotBegun } from './backup/not-begun.ts'
import { createDemo } from './demo/demo.ts'
import { createDoctor } from './doctor/doctor.ts'
import { createExportService } from './export/export-service.ts'
import type { FloeClient } from './gate/client.ts'
import { createGate } from './gate/gate.ts'
import { createGuestKeeper } from './guest-agent/keeper.ts'
import { openAgent } from './guest-agent/open-agent.ts'
import { createHome, homePaths } from './home/home-paths.ts'
import { JsonFile } from './home/json-file.ts'
import { createSettingsStore } from './home/settings-store.ts'
import { newId } from './ids.ts'
import { ownScratchFolder, sweepScratch } from './instant/scratch.ts'
import { createJobBoard } from './jobs/board.ts'
import { lendMonitor } from './machines/lend-monitor.ts'
import { createMachineService } from './machines/machine-service.ts'
import { offImagesOf } from './off-images.ts'
import { createBackgroundVerification } from './points/background-verify.ts'
import { createPointKeeping } from './points/keeping.ts'
import { lastGoodPoints } from './points/last-good.ts'
import { createPointJobs } from './points/point-jobs.ts'
import type { Ports } from './ports/index.ts'
import { createRepository } from './repository/repository.ts'
import { createRestoreService } from './restore/restore-service.ts'
import { createTopics, type Topics } from './topics/topic.ts'
import { NeedlessBitmaps } from './tracking/needless-bitmaps.ts'

export interface CoreOptions {
  readonly homeDir: string
  readonly ports: Ports
  readonly version: string
}

export interface Core {
  readonly client: FloeClient
  readonly topics: Topics
  /** Ends connections and helpers; jobs inside QEMU go on and are found again at the next start. */
  stop(): Promise<void>
}

/** Which Floe this is: partial points and locks on destinations carry it. */
async function readHomeId(path: string, ports: Ports): Promise<string> {
  const file = new JsonFile(path, 1, z.object({ homeId: z.string() }))
  const read = await file.read()
  if (read.kind === 'ok') return read.value.homeId
  if (read.kind === 'damaged') ports.logger.warn(read.text)
  const homeId = newId(ports)
  await file.write({ homeId })
  return homeId
}

/**
 * Starts Floe's core on a home folder: finishes or takes back what an earlier run left, then looks for machines.
 * @throws FloeError `system/home-unwritable`
 */
export async function createCore({ homeDir, ports, version }: CoreOptions): Promise<Core> {
  const paths = homePaths(homeDir)
  await createHome(paths)
  const topics = createTopics((error) => ports.logger.error('A listener failed', { error }))
  const homeId = await readHomeId(paths.home, ports)
  const settings = await createSettingsStore({ ports, file: paths.settings, topic: topics.settings })
  const activity = await createActivityLog({ ports, file: paths.activity, topic: topics.activity })
  const board = createJobBoard({ ports, topic: topics.jobs })
  const machines = createMachineService({ ports, registryFile: paths.machines, topic: topics.machines })
  const repository = createRepository({ ports, registryFile: paths.destinations, homeId, topics })
  const keeper = createGuestKeeper({
    ports,
    recordsDir: paths.guests,
    guardLog: paths.log,
    openMonitor: lendMonitor(machines),
  })
  keeper.onChange(() => {
    const frozen = new Map(keeper.unconfirmed().map(({ machineId, since }) => [machineId, since]))
    for (const { id } of machines.list()) machines.setMayBeFrozen(id, frozen.get(id) ?? null)
  })
  /** As whoever puts scratch images somewhere sees them: in the folder that was chosen, this Floe has its own. */
  const settingsHere = (): Settings => {
    const now = settings.get()
    return { ...now, scratchFolder: now.scratchFolder && ownScratchFolder(now.scratchFolder, homeId) }
  }
  const backups = createBackupService({
    machines,
    keeper,
    repository,
    board,
    activity,
    ports,
    settings: { get: settingsHere },
    journalDir: paths.backupJournals,
    scratchDir: paths.scratch,
    runDir: paths.run,
    setGuestTime: async ({ id }) => {
      const { agent } = machines.guestAccess(id)
      if (agent === null || (await machines.askAgent(id)).kind !== 'ready') return
      await using session = await openAgent(agent, { randomBytes: ports.randomBytes })
      await session.setTime(ports.clock.now())
    },
  })
  const exports = createExportService({
    machines,
    keeper,
    board,
    activity,
    ports,
    openOffImages: offImagesOf(machines, ports),
    journalDir: paths.exports,
    surroundings: () => ({
      settings: settingsHere(),
      planFreeze,
      scratchDir: paths.scratch,
      runDir: paths.run,
      shortDir: '/tmp',
      now: ports.clock.now(),
      points: repository,
    }),
  })
  const restores = createRestoreService({
    ports,
    machines,
    repository,
    board,
    activity,
    topic: topics.restores,
    journalDir: paths.restoreJournals,
  })
  const points = createPointJobs({ ports, repository, board, activity })
  const checks = { ports, repository, board, activity, settings, topics, file: paths.verifyLedger }
  const background = createBackgroundVerification(checks)
  const keeping = createPointKeeping({ ports, repository, board, activity })
  const demo = createDemo({ ports, demoDir: paths.demo, machines, repository, topic: topics.demo })
  const needless = new NeedlessBitmaps({ ports, machines, repository, board, topics, file: paths.needlessBitmaps })
  const doctor = createDoctor({ ports, homeDir: paths.root, machines, repository })

  let stopWatching = () => {}
  // In the order of what needs what; each step is taken even when an earlier one failed.
  const stop = async () => {
    const failures: unknown[] = []
    const steps = [
      () => stopWatching(),
      () => demo.close(),
      () => background.stop(),
      () => tellNotBegun(board, activity),
      // Side by side: a restore that ends lets a queued backup begin no more, and neither waits for the other.
      () => Promise.all([exports.stop(), board.stop(), backups.stop()]),
      // After the backups: whoever was freezing a guest has let go of it.
      () => keeper.stop(),
      () => Promise.all([needless.stop(), machines.stop()]),
      () => repository.stop(),
      () => activity.flush(),
    ]
    for (const step of steps) {
      try {
        await step()
      } catch (error) {
        ports.logger.error('A part of Floe did not stop cleanly', { error })
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Old data of guests whose backup or export is over, left by a Floe that was killed together with its QEMU. */
  const sweepOldData = async () => {
    const alive = new Set<string>(board.active().map((job) => job.id))
    for (const folder of new Set([paths.scratch, settingsHere().scratchFolder ?? paths.scratch])) {
      await sweepScratch(folder, alive).catch((error) => ports.logger.warn('Old scratch files stay', { folder, error }))
    }
  }

  const start = async () => {
    await repository.start()
    stopWatching = topics.points.subscribe(() => {
      const good = lastGoodPoints(repository.points(null))
      for (const machine of machines.list()) machines.setLastGoodPoint(machine.id, good.get(machine.id) ?? null)
    })
    await machines.start()
    topics.machines.whenWatched((watched) => machines.setWatched(watched))
    // Before any other repair: nothing is worse for a guest than to stay frozen.
    await keeper.start()
    await restores.reconcile()
    await exports.reconcile()
    await backups.reconcile()
    await sweepOldData()
    await needless.start()
    await demo.open()
    await background.start()
  }
  try {
    await start()
  } catch (error) {
    await stop().catch(() => ports.logger.warn('Floe did not start, and did not stop cleanly either'))
    throw error
  }
  // Not waited for: everybody sees how far it is.
  if (ports.env.FLOE_DEMO === '1') {
    void demo.start().catch((error) => ports.logger.error('The demo machine could not be started', { error }))
  }

  const handlers = createHandlers({
    ports,
    homeDir: paths.root,
    version,
    keeper,
    machines,
    repository,
    backups,
    exports,
    restores,
    points,
    keeping,
    board,
    activity,
    settings,
    demo,
    needless,
    doctor,
  })
  return {
    client: createGate({ handlers, topics, ports }),
    topics,
    stop,
  }
}
