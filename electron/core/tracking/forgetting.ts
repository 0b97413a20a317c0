// When a machine or a destination is removed, nobody needs its dirty bitmaps any more, and each costs the guest a little
// with every write. What cannot be reached keeps them for now: they do no harm, and a removal never waits for them
// (needless-bitmaps.ts remembers them).
import { setTimeout as wait } from 'node:timers/promises'
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DestinationId, MachineId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Ports } from '../ports/index.ts'
import type { QmpSession } from '../qmp/types.ts'
import { type Removed, removeAllOf, removeAllOfImages } from './tidy.ts'

/** What forgetting needs of the machine service. */
export interface ForgettingMachines {
  acquire(
    id: MachineId,
  ): Promise<AsyncDisposable & { readonly session: QmpSession; inventory(): Promise<readonly Disk[]> }>
  signsOfLife(id: MachineId, imagePaths: readonly string[]): Promise<readonly { readonly text: string }[]>
  usersOfImages(id: MachineId, imagePaths: readonly string[]): Promise<readonly { readonly machineName: string }[]>
}

export interface ForgettingDependencies {
  readonly machines: ForgettingMachines
  readonly ports: Pick<Ports, 'logger' | 'env'>
  /** For one machine, in milliseconds. */
  readonly patienceMs?: number
}

/** Right before anything is removed it is asked once more; it throws when that may not be done any more. */
export type AssertWanted = () => void

const usualPatienceMs = 20_000

/**
 * Takes the bitmaps of these destinations out of a machine's disks: live when QEMU can be asked, out of the images when
 * the machine is off and nobody uses them. Those of others stay. Answers whether none is left on the disks that are
 * known. Never throws; what stays is logged.
 */
export async function forgetChanges(
  machine: Machine,
  destinationIds: readonly DestinationId[],
  { machines, ports, patienceMs = usualPatienceMs }: ForgettingDependencies,
  assertWanted: AssertWanted = () => {},
): Promise<boolean> {
  const { logger } = ports
  const about = { machine: machine.name }
  const ended = new AbortController()
  if (destinationIds.length === 0 || machine.disks.length === 0) return true
  try {
    const { kind } = machine.state
    const work =
      kind === 'running' || kind === 'guest-paused'
        ? forgetLive(machine.id, destinationIds, { machines, patienceMs, assertWanted })
        : kind === 'off'
          ? forgetOff(machine, destinationIds, { machines, ports, assertWanted }, ended.signal)
          : Promise.reject(new Error('The machine can’t be reached.'))
    const { removed, all } = await within(patienceMs, work).finally(() => ended.abort())
    if (removed > 0) logger.info('Removed dirty bitmaps that nobody needs any more', { ...about, removed })
    if (!all) logger.warn('Dirty bitmaps that nobody needs any more are in use and stay', about)
    return all
  } catch (error) {
    logger.warn('Dirty bitmaps that nobody needs any more stay on a machine', { ...about, error: String(error) })
    return false
  }
}

interface Live {
  readonly machines: ForgettingMachines
  readonly patienceMs: number
  readonly assertWanted: AssertWanted
}

/** The connection is given back in time: a machine whose connection is in use cannot be removed. */
async function forgetLive(
  id: MachineId,
  destinationIds: readonly DestinationId[],
  { machines, patienceMs, assertWanted }: Live,
): Promise<Removed> {
  await using lease = await machines.acquire(id)
  const work = async () => {
    const disks = await lease.inventory()
    assertWanted()
    return removeAllOf(lease.session, disks, destinationIds)
  }
  return await within(patienceMs / 2, work())
}

/**
 * Locks keep QEMU's tools from images in use, but not everywhere (macOS has none): so it is asked who uses them, right
 * before each write. After `signal` nothing is begun any more: by then nobody looks after the machine.
 */
async function forgetOff(
  { id, disks }: Machine,
  destinationIds: readonly DestinationId[],
  { machines, ports, assertWanted }: Pick<ForgettingDependencies, 'machines' | 'ports'> & Pick<Live, 'assertWanted'>,
  signal: AbortSignal,
): Promise<Removed> {
  const own = disks.filter(({ imagePath, format }) => imagePath !== null && format === 'qcow2')
  const paths = own.flatMap(({ imagePath }) => imagePath ?? [])
  if (paths.length === 0) return { removed: 0, all: true }
  const assertOff = async () => {
    const [user] = await machines.usersOfImages(id, paths)
    if (user) throw new Error(`${user.machineName} uses its images, too.`)
    const [sign] = await machines.signsOfLife(id, paths)
    if (sign) throw new Error(sign.text)
    signal.throwIfAborted()
    assertWanted()
  }
  await assertOff()
  return removeAllOfImages(own, destinationIds, { env: ports.env, assertOff })
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = wait(milliseconds, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error('It took too long.')
  })
  late.catch(() => {})
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
