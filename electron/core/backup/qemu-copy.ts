// The QMP commands of a backup (qemu.md 2, 3). Everything but the start may be repeated: each looks first what is there.
import type { DiskId } from '../../../shared/domain/ids.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { writtenBitmap } from '../repository/types.ts'
import { beginTracking, bitmapGranularity, borrowBitmap, type TransactionAction } from '../tracking/commands.ts'
import type { BackupPlan, PlannedDisk } from './plan.ts'

/** One of `query-jobs`. `error` is missing when nothing went wrong. */
export interface JobReport {
  readonly id: string
  readonly status: string
  readonly error?: string
}

/** One of `query-block-jobs`. */
export interface CopyReport {
  readonly device: string
  readonly status: string
  readonly paused: boolean
  readonly 'io-status': 'ok' | 'failed' | 'nospace'
  readonly speed: number
  /** Bytes the job has walked over, empty ones too. */
  readonly offset: number
  /** Bytes it has to walk over; of an incremental, what is marked in its bitmap. */
  readonly len: number
}

/**
 * Opens the image that is written. What lies below it is left closed: whole clusters are copied (qemu.md 4.1). A bitmap in
 * it records what is written, and comes with the image.
 */
export async function addTarget(session: QmpSession, disk: PlannedDisk, path: string): Promise<void> {
  await session.execute('blockdev-add', {
    driver: 'qcow2',
    'node-name': disk.targetNode,
    ...(disk.parentId === null ? {} : { backing: null }),
    file: { driver: 'file', filename: path },
  })
  await session.execute('block-dirty-bitmap-add', {
    node: disk.targetNode,
    name: writtenBitmap,
    persistent: true,
    granularity: bitmapGranularity,
  })
}

/** The node a disk is read from: as it was at the instant, or as it is. */
export const readNode = (disk: PlannedDisk): string => disk.snapshot?.snapshotNode ?? disk.sourceNode

/** The bitmap that a job goes by: made for it, and gone with its node. */
const jobBitmap = 'floe-job'

/** What the job of an incremental is to copy, as it stands at this moment. */
function bitmapActions(disk: PlannedDisk, marks: MarkedNode | null): readonly TransactionAction[] {
  const from = marks ?? (disk.oldBitmap === null ? null : { node: disk.sourceNode, name: disk.oldBitmap })
  if (from === null || from.name === jobBitmapOf(disk, marks)) return []
  return borrowBitmap({ from, to: { node: readNode(disk), name: jobBitmap } })
}

/** A bitmap of the very node that is read needs no copy: with mode `never` a job leaves it as it is. */
const jobBitmapOf = (disk: PlannedDisk, marks: MarkedNode | null): string | null =>
  marks === null && disk.snapshot === null ? disk.oldBitmap : jobBitmap

/** Where what was found by comparing is marked. */
export interface MarkedNode {
  readonly node: string
  readonly name: string
}

/** From here on changes are tracked for the point that is being made: with the copy, or while the guest stands still for it. */
export const trackingActions = (plan: BackupPlan, untracked: readonly DiskId[]): readonly TransactionAction[] =>
  plan.disks.flatMap(({ id, sourceNode, newBitmap }) =>
    newBitmap === null || untracked.includes(id) ? [] : beginTracking(sourceNode, newBitmap),
  )

/** None for no actions. */
export const transactionsOf = (actions: readonly TransactionAction[]) =>
  actions.length === 0 ? [] : [transactionOf(actions)]

export const transactionOf = (actions: readonly TransactionAction[]) => ({
  execute: 'transaction',
  arguments: { actions, properties: { 'completion-mode': 'individual' } },
})

/** Bytes per second for each of `jobs` copies; 0 is QEMU's word for no limit. */
export const speedPerJob = (limit: number | null, jobs: number): number =>
  limit === null ? 0 : Math.max(1, Math.floor(limit / Math.max(1, jobs)))

/** How long a guest's write may wait for the destination before the copy gives way (QEMU 10.1). */
const cbwTimeoutSeconds = 10

/** The copies of all disks, for one transaction, so that they show one instant (qemu.md 3, 5.1). */
export function copyActions(
  plan: BackupPlan,
  limit: number | null,
  marksOf: (disk: PlannedDisk) => MarkedNode | null = () => null,
): readonly TransactionAction[] {
  const borrowed = plan.disks.flatMap((disk) => bitmapActions(disk, marksOf(disk)))
  const copies = plan.disks.map((disk) => ({
    type: 'blockdev-backup',
    data: {
      'job-id': disk.jobName,
      device: readNode(disk),
      target: disk.targetNode,
      ...(disk.basis === 'all'
        ? { sync: 'full' }
        : { sync: 'bitmap', bitmap: jobBitmapOf(disk, marksOf(disk)), 'bitmap-mode': 'never' }),
      'filter-node-name': disk.filterNode,
      'auto-dismiss': false,
      'on-target-error': 'stop',
      speed: speedPerJob(limit, plan.disks.length),
      ...(plan.bounds === null ? {} : { 'x-perf': plan.bounds }),
      ...(plan.givesWay ? { 'on-cbw-error': 'break-snapshot', 'cbw-timeout': cbwTimeoutSeconds } : {}),
    },
  }))
  return [...borrowed, ...copies]
}

const isOurs = (plan: BackupPlan, name: string) => plan.disks.some((disk) => disk.jobName === name)

/** The copy jobs of this plan that QEMU knows. */
export async function ourJobs(session: QmpSession, plan: BackupPlan): Promise<readonly JobReport[]> {
  return (await session.execute<JobReport[]>('query-jobs')).filter((job) => isOurs(plan, job.id))
}

export async function ourCopies(session: QmpSession, plan: BackupPlan): Promise<readonly CopyReport[]> {
  return (await session.execute<CopyReport[]>('query-block-jobs')).filter((job) => isOurs(plan, job.device))
}

/**
 * While one image is one that QEMU found damaged as it wrote to it, QEMU refuses to name any node (`is ejected`): then all
 * targets count as there, so that they are removed.
 */
export async function ourTargets(session: QmpSession, plan: BackupPlan): Promise<readonly string[]> {
  const targets = plan.disks.map((disk) => disk.targetNode)
  try {
    const nodes = await session.execute<{ 'node-name'?: string }[]>('query-named-block-nodes', { flat: true })
    const present = new Set(nodes.map((node) => node['node-name']))
    return targets.filter((name) => present.has(name))
  } catch (error) {
    if (error instanceof QmpExecuteError) return targets
    throw error
  }
}

const over = new Set(['concluded', 'null'])
export const isOver = (job: JobReport): boolean => over.has(job.status)
const refusesControl = new Set(['concluded', 'null', 'aborting', 'waiting', 'pending'])

/** Asks every running copy to end. A job that ends at the same moment is no failure. */
export async function cancelCopies(session: QmpSession, plan: BackupPlan): Promise<void> {
  for (const job of await ourJobs(session, plan)) {
    if (!refusesControl.has(job.status)) await tolerateEnded(session, plan, job.id, 'job-cancel', { id: job.id })
  }
}

/**
 * Dismisses the finished jobs and removes the target nodes: that closes and syncs the images (qemu.md 0.6). One that
 * refuses does not keep the others; what another client removed first is no failure.
 */
export async function releaseCopies(session: QmpSession, plan: BackupPlan): Promise<void> {
  const refusals: unknown[] = []
  const tryTo = async (command: string, args: Readonly<Record<string, unknown>>) => {
    try {
      await session.execute(command, args)
    } catch (error) {
      if (!(error instanceof QmpExecuteError)) throw error
      refusals.push(error)
    }
  }
  for (const job of await ourJobs(session, plan)) if (isOver(job)) await tryTo('job-dismiss', { id: job.id })
  for (const node of await ourTargets(session, plan)) await tryTo('blockdev-del', { 'node-name': node })
  if (refusals.length === 0) return
  const left = (await ourJobs(session, plan)).length + (await ourTargets(session, plan)).length
  if (left > 0) throw refusals[0]
}

export async function runState(session: QmpSession): Promise<string> {
  return (await session.execute<{ status: string }>('query-status')).status
}

export async function pauseCopies(session: QmpSession, plan: BackupPlan): Promise<void> {
  for (const copy of await ourCopies(session, plan)) {
    if (!copy.paused && !refusesControl.has(copy.status)) {
      await tolerateEnded(session, plan, copy.device, 'job-pause', { id: copy.device }, ({ paused }) => paused)
    }
  }
}

export async function resumeCopies(session: QmpSession, plan: BackupPlan): Promise<void> {
  for (const copy of await ourCopies(session, plan)) {
    if (copy.paused && !refusesControl.has(copy.status)) {
      await tolerateEnded(session, plan, copy.device, 'job-resume', { id: copy.device }, ({ paused }) => !paused)
    }
  }
}

/** Shares the limit among the copies that still run. */
export async function limitCopies(session: QmpSession, plan: BackupPlan, limit: number | null): Promise<void> {
  const running = (await ourCopies(session, plan)).filter((copy) => !refusesControl.has(copy.status))
  const speed = speedPerJob(limit, running.length)
  for (const { device, speed: now } of running) {
    if (now !== speed) await tolerateEnded(session, plan, device, 'block-job-set-speed', { device, speed })
  }
}

/** Between the look and the command a job may end, or somebody else may bring it where it should be; then a refusal is no error. */
async function tolerateEnded(
  session: QmpSession,
  plan: BackupPlan,
  id: string,
  command: string,
  args: Readonly<Record<string, unknown>>,
  isSo: (copy: CopyReport) => boolean = () => false,
): Promise<void> {
  try {
    await session.execute(command, args)
  } catch (error) {
    if ((await ourCopies(session, plan)).some((copy) => copy.device === id && isSo(copy))) return
    const job = (await ourJobs(session, plan)).find((candidate) => candidate.id === id)
    if (job && !refusesControl.has(job.status)) throw error
  }
}
