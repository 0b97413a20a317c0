import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { newId } from '../../electron/core/ids.ts'
import type { Ports } from '../../electron/core/ports/index.ts'
import { createNodePorts, createPlatform } from '../../electron/core/ports/node-ports.ts'
import { createRepository } from '../../electron/core/repository/repository.ts'
import type { NewPoint, PointFacts, Repository } from '../../electron/core/repository/types.ts'
import { createTopics, type Topics } from '../../electron/core/topics/topic.ts'
import type { Destination } from '../../shared/domain/destination.ts'
import { DiskId, JobId, MachineId, PointId } from '../../shared/domain/ids.ts'
import type { Point } from '../../shared/domain/point.ts'
import { quietLogger } from './core.ts'
import { guardCommand } from './guard-command.ts'
import { type TempDir, tempDir } from './temp.ts'

export interface TestPorts extends Ports {
  readonly clock: Ports['clock'] & {
    /** Stops the wall clock at this time. */
    set(time: string): void
  }
}

/** The ports of a real host; the clock is the test's. */
export function repositoryPorts(change: Partial<Ports> = {}): TestPorts {
  let fixed: Date | null = null
  const clock = {
    now: () => fixed ?? new Date(),
    monotonic: () => performance.now(),
    set: (time: string) => {
      fixed = new Date(time)
    },
  }
  const indexWorker = new URL('../../electron/core/repository/content-index/worker.ts', import.meta.url)
  const platform = { ...createPlatform(), externalVolumes: async () => [] }
  const userDir = '/nonexistent-user-folder'
  return { ...createNodePorts({ indexWorker, guardCommand, platform, userDir, logger: quietLogger, ...change }), clock }
}

export interface TestRepository extends AsyncDisposable {
  readonly repository: Repository
  readonly ports: ReturnType<typeof repositoryPorts>
  readonly topics: Topics
  readonly home: TempDir
  readonly homeId: string
}

/** A started repository in a home folder of its own. */
export async function testRepository(
  change: Partial<Ports> = {},
  registryFile?: string,
  sameHome?: string,
): Promise<TestRepository> {
  const home = tempDir('fh-')
  const ports = repositoryPorts(change)
  const topics = createTopics()
  const homeId = sameHome ?? newId(ports)
  const repository = createRepository({
    ports,
    registryFile: registryFile ?? home.file('destinations.json'),
    homeId,
    topics,
  })
  await repository.start()
  return {
    repository,
    ports,
    topics,
    home,
    homeId,
    [Symbol.asyncDispose]: async () => {
      await repository.stop()
      home[Symbol.dispose]()
    },
  }
}

export const newPointId = () => PointId.parse(newId({ randomBytes: (size) => randomBytes(size) }))
export const newMachineId = () => MachineId.parse(newId({ randomBytes: (size) => randomBytes(size) }))
export const newJobId = () => JobId.parse(newId({ randomBytes: (size) => randomBytes(size) }))
export const diskId = (id: string) => DiskId.parse(id)

export function newPoint(change: Partial<NewPoint> = {}): NewPoint {
  return {
    id: newPointId(),
    machineId: newMachineId(),
    machineName: 'debian',
    kind: 'full',
    parentId: null,
    jobId: newJobId(),
    disks: [{ id: diskId('vda'), virtualSize: 4 << 20 }],
    ...change,
  }
}

export function factsOf(point: NewPoint, change: Partial<PointFacts> = {}): PointFacts {
  return {
    createdAt: new Date().toISOString(),
    consistency: 'crash-consistent',
    consistencyReason: 'No agent.',
    qemuVersion: '7.2.22',
    startCommand: 'qemu-system-x86_64 -nodefaults',
    way: 'push',
    freeze: null,
    pausedMs: null,
    kindReason: 'It is the first one.',
    disks: point.disks.map((disk) => ({
      ...disk,
      bytesCopied: 1 << 20,
      sourcePath: `/vm/${disk.id}.qcow2`,
      sourceFormat: 'qcow2',
      firmware: false,
      basis: 'all',
      basisReason: '',
      parentId: null,
      bitmap: null,
      witness: null,
    })),
    ...change,
  }
}

/** Writes an image as a backup would: created, filled by `qemu-io` commands, closed. */
export function writeImage(path: string, size: number, commands: readonly string[] = ['write -P 7 1M 1M']): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(size)])
  execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path], { stdio: 'ignore' })
}

/** A recorded point with real images, without its content index. */
export async function addPoint(
  repository: Repository,
  destination: Destination,
  change: { point?: Partial<NewPoint>; facts?: Partial<PointFacts>; commands?: readonly string[] } = {},
): Promise<Point> {
  const point = newPoint(change.point)
  const open = await repository.open(destination.id, { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] })
  const partial = await repository.beginPoint(open, point)
  for (const disk of point.disks) writeImage(partial.imagePath(disk.id), disk.virtualSize, change.commands)
  return repository.record(partial, factsOf(point, change.facts))
}

export const noProgress = () => {}
export const never = new AbortController().signal
