import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createActivityLog } from '../../electron/core/activity/activity-log.ts'
import { homePaths } from '../../electron/core/home/home-paths.ts'
import { createJobBoard } from '../../electron/core/jobs/board.ts'
import type { JobBoard } from '../../electron/core/jobs/types.ts'
import { createMachineService } from '../../electron/core/machines/machine-service.ts'
import type { MachineService } from '../../electron/core/machines/types.ts'
import type { Ports } from '../../electron/core/ports/index.ts'
import { createNodePorts } from '../../electron/core/ports/node-ports.ts'
import { createRepository } from '../../electron/core/repository/repository.ts'
import type { Repository } from '../../electron/core/repository/types.ts'
import { createRestoreService } from '../../electron/core/restore/restore-service.ts'
import type { RestoreService, StepHook } from '../../electron/core/restore/types.ts'
import { createTopics, type Topics } from '../../electron/core/topics/topic.ts'
import type { Activity } from '../../shared/domain/activity.ts'
import type { JobId, MachineId } from '../../shared/domain/ids.ts'
import type { Point } from '../../shared/domain/point.ts'
import { freshId, quietLogger } from './core.ts'
import { guardCommand } from './guard-command.ts'
import { difference } from './qemu.ts'
import { diskId, factsOf, never, newPoint, noProgress } from './repository.ts'
import { tempDir } from './temp.ts'

/** The services a restore needs, all real, over one home folder. */
export interface RestoreFloe extends AsyncDisposable {
  readonly restores: RestoreService
  readonly repository: Repository
  readonly machines: MachineService
  readonly board: JobBoard
  readonly topics: Topics
  activities(): readonly Activity[]
  /** Waits for the end of a job and fails unless it is done. */
  done(id: JobId): Promise<void>
}

const indexWorker = new URL('../../electron/core/repository/content-index/worker.ts', import.meta.url)

export async function openRestoreFloe(
  home: string,
  options: { step?: StepHook; ports?: Partial<Ports> } = {},
): Promise<RestoreFloe> {
  const paths = homePaths(home)
  const ports = createNodePorts({ indexWorker, guardCommand, logger: quietLogger, ...options.ports })
  const topics = createTopics()
  const machines = createMachineService({ ports, registryFile: paths.machines, topic: topics.machines })
  const repository = createRepository({ ports, registryFile: paths.destinations, homeId: 'test', topics })
  const board = createJobBoard({ ports, topic: topics.jobs })
  const activity = createActivityLog({ ports, file: paths.activity, topic: topics.activity })
  const restores = createRestoreService({
    ports,
    machines,
    repository,
    board,
    activity,
    topic: topics.restores,
    journalDir: paths.restoreJournals,
    ...(options.step ? { step: options.step } : {}),
  })
  await repository.start()
  await machines.start()
  return {
    restores,
    repository,
    machines,
    board,
    topics,
    activities: () => activity.list(),
    done: async (id) => {
      const job = await board.whenFinal(id)
      if (job.state.kind !== 'done') throw new Error(`The job ended ${JSON.stringify(job.state)}`)
    },
    [Symbol.asyncDispose]: async () => {
      await machines.stop()
      await repository.stop()
      await activity.flush()
    },
  }
}

export interface WorldDisk {
  readonly id: string
  readonly format: 'qcow2' | 'raw'
  /** Folder of the image when it is not the machine's own. */
  readonly folder?: string
  readonly firmware?: boolean
}

/** A machine that is off, a checked restore point of it (`then`), and images that went on since (`now`). */
export interface World extends AsyncDisposable {
  readonly home: string
  readonly folder: string
  readonly machineId: MachineId
  readonly point: Point
  image(id: string): string
  /** Whose content a file has: the point's, the newer one, or neither. */
  generation(id: string, path?: string): Promise<'then' | 'now' | 'neither'>
  /** Puts the images of now back and forgets every restore. */
  reset(): void
  /** Files beside the images, sorted. */
  files(): string[]
}

const diskSize = 8 << 20

function write(path: string, format: string, pattern: number): void {
  const commands = [`write -P ${pattern} 0 1M`, `write -P ${pattern + 1} 4M 512k`]
  execFileSync('qemu-io', ['-f', format, ...commands.flatMap((command) => ['-c', command]), path], { stdio: 'ignore' })
}

export async function restoreWorld(
  disks: readonly WorldDisk[],
  options: { folderName?: string; check?: boolean } = {},
): Promise<World> {
  const dir = tempDir('fr-')
  const home = dir.file('home')
  const folder = dir.file(options.folderName ?? 'vm')
  for (const name of [home, folder, dir.file('drive'), dir.file('keep')]) mkdirSync(name)
  const machineId = freshId<MachineId>()
  const fileName = (disk: WorldDisk) => `${disk.id}.${disk.format === 'raw' ? 'img' : 'qcow2'}`
  const imagePath = (disk: WorldDisk) => join(disk.folder ?? folder, fileName(disk))
  for (const disk of disks) {
    execFileSync('qemu-img', ['create', '-q', '-f', disk.format, imagePath(disk), String(diskSize)])
    write(imagePath(disk), disk.format, 10)
    cpSync(imagePath(disk), dir.file('keep', `then-${fileName(disk)}`))
  }
  writeRegistry(home, machineId, disks, imagePath)
  await using floe = await openRestoreFloe(home)
  const destination = await floe.repository.addDestination(dir.file('drive'), 'Drive')
  const described = disks.map((disk) => ({ id: diskId(disk.id), virtualSize: diskSize }))
  const beginning = newPoint({ machineId, machineName: 'debian dev', disks: described })
  const opened = await floe.repository.open(destination.id, { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] })
  const partial = await floe.repository.beginPoint(opened, beginning)
  for (const disk of disks) {
    const target = partial.imagePath(diskId(disk.id))
    execFileSync('qemu-img', ['convert', '-f', disk.format, '-O', 'qcow2', imagePath(disk), target])
  }
  const facts = disks.map((disk) => ({
    id: diskId(disk.id),
    virtualSize: diskSize,
    bytesCopied: 1 << 20,
    sourcePath: imagePath(disk),
    sourceFormat: disk.format,
    firmware: disk.firmware ?? false,
    basis: 'all' as const,
    basisReason: '',
    parentId: null,
    bitmap: null,
    witness: null,
  }))
  let point = await floe.repository.record(partial, factsOf(beginning, { disks: facts }))
  if (options.check !== false) point = await floe.repository.computeIndex(point.id, noProgress, never)
  for (const disk of disks) {
    write(imagePath(disk), disk.format, 60)
    cpSync(imagePath(disk), dir.file('keep', `now-${fileName(disk)}`))
  }
  const find = (id: string) => disks.find((disk) => disk.id === id) as WorldDisk
  return {
    home,
    folder,
    machineId,
    point,
    image: (id) => imagePath(find(id)),
    generation: async (id, path = imagePath(find(id))) => {
      const disk = find(id)
      for (const kind of ['then', 'now'] as const) {
        const kept = dir.file('keep', `${kind}-${fileName(disk)}`)
        if ((await difference(kept, path, { a: disk.format, b: disk.format })) === null) return kind
      }
      return 'neither'
    },
    reset: () => {
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
      rmSync(homePaths(home).restoreJournals, { recursive: true, force: true })
      for (const disk of disks) cpSync(dir.file('keep', `now-${fileName(disk)}`), imagePath(disk))
    },
    files: () => readdirSync(folder).sort(),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  }
}

function writeRegistry(
  home: string,
  id: MachineId,
  disks: readonly WorldDisk[],
  imagePath: (disk: WorldDisk) => string,
): void {
  const described = disks.map((disk) => ({
    id: disk.id,
    node: null,
    qdev: null,
    aliases: [],
    format: disk.format,
    virtualSize: diskSize,
    allocatedSize: 2 << 20,
    imagePath: imagePath(disk),
    backingChain: [],
    readOnly: false,
    removable: false,
    firmware: disk.firmware ?? false,
    basis: 'all' as const,
    basisReason: '',
    parentId: null,
    bitmap: null,
    witness: null,
    exclusion: null,
  }))
  const images = disks.map((disk) => ({ path: imagePath(disk), key: null }))
  const entry = { id, name: 'debian dev', origin: 'added', images, disks: described }
  writeFileSync(homePaths(home).machines, JSON.stringify({ version: 1, data: { machines: [entry] } }))
}
