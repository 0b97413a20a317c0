// Takes an instant down again, in the only order QEMU allows (qemu.md 5.2): reader, device back on its own node, filter,
// scratch node, scratch file. Repeatable, whatever is left of it; names of others are never touched.
import { rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { deviceRoots, presentNodes } from './devices.ts'
import { assertScratchAnswers } from './scratch.ts'
import type { SnapshotDisk } from './types.ts'

/** `x-debug-query-block-graph`: exact, but unstable; Floe does without where it is missing. */
interface BlockGraph {
  readonly nodes: readonly { readonly id: number; readonly type: string; readonly name: string }[]
  readonly edges: readonly { readonly parent: number; readonly child: number; readonly name: string }[]
}

/** QEMU lets an unplugged device go in two steps: its name first, its disk with the next grace period of RCU. */
const unplugsWithinMs = 10_000
const unplugPollMs = 20

const nodesOf = (disk: SnapshotDisk) => [disk.sizeGuardNode, disk.snapshotNode, disk.filterNode, disk.scratchNode]

/**
 * Nothing of the instant is left in QEMU when it resolves, and its scratch files are gone but for those it answers.
 * @throws QmpExecuteError when QEMU keeps a node or a device does not go back; then the scratch files stay
 */
export async function removeSnapshots(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<readonly string[]> {
  const deadline = performance.now() + unplugsWithinMs
  for (;;) {
    const { isUnplugging, refusal } = await takeOut(session, disks)
    if (refusal === null) return removeScratchFiles(disks)
    if (!isUnplugging || performance.now() > deadline) throw refusal
    await wait(unplugPollMs)
  }
}

/** Why something of the instants stays, and whether the reason is a device that goes just now. */
interface Left {
  readonly isUnplugging: boolean
  readonly refusal: unknown
}

async function takeOut(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<Left> {
  const refusals: QmpExecuteError[] = []
  const tryTo = async (command: string, args: Readonly<Record<string, unknown>>) => {
    try {
      await session.execute(command, args)
    } catch (error) {
      if (!(error instanceof QmpExecuteError)) throw error
      refusals.push(error)
    }
  }
  const present = await presentNodes(session, disks.flatMap(nodesOf))
  if (present.size > 0) await assertScratchAnswers(disks)
  const remove = async (node: string) => {
    if (present.has(node)) await tryTo('blockdev-del', { 'node-name': node })
  }
  for (const disk of disks) {
    await remove(disk.sizeGuardNode)
    await remove(disk.snapshotNode)
  }
  const roots = await deviceRoots(session)
  for (const disk of disks) {
    const isInserted = roots.some((root) => root.path === disk.device && root.node === disk.filterNode)
    // Never to the node that is there already: QEMU 7.2 aborts then (docs/qmp.md).
    if (isInserted) {
      const value = await belowFilter(session, disk)
      await tryTo('qom-set', { path: disk.device, property: 'drive', value })
    }
  }
  for (const disk of disks) {
    await remove(disk.filterNode)
    await remove(disk.scratchNode)
  }
  const isUnplugging = refusals.some(({ command, qmpClass }) => command === 'qom-set' && qmpClass === 'DeviceNotFound')
  if ((await leftOfSnapshots(session, disks)) === 0) return { isUnplugging, refusal: null }
  return { isUnplugging, refusal: refusals[0] ?? new Error('QEMU kept a part of an instant without saying why.') }
}

/** The node the device belongs on: its own, or what somebody put above it meanwhile (an external snapshot). */
async function belowFilter(session: QmpSession, disk: SnapshotDisk): Promise<string> {
  const capabilities = await session.capabilities()
  if (!capabilities.hasCommand('x-debug-query-block-graph')) return disk.rootNode
  const { nodes, edges } = await session.execute<BlockGraph>('x-debug-query-block-graph')
  const filter = nodes.find((node) => node.type === 'block-driver' && node.name === disk.filterNode)
  const edge = edges.find((candidate) => candidate.parent === filter?.id && candidate.name === 'file')
  return nodes.find((node) => node.id === edge?.child)?.name || disk.rootNode
}

/** How many nodes of these instants QEMU still has. */
export async function leftOfSnapshots(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<number> {
  return (await presentNodes(session, disks.flatMap(nodesOf))).size
}

/**
 * For a QEMU that has ended: its scratch files are worth nothing any more. One that its drive does not let go, because
 * the drive fails, say, is no reason to lose a copy over; the sweep of a later start removes it. Answers which ones stay.
 */
export async function removeScratchFiles(disks: readonly SnapshotDisk[]): Promise<readonly string[]> {
  const paths = disks.map((disk) => disk.scratchPath)
  const removals = await Promise.allSettled(paths.map((path) => rm(path, { force: true })))
  return paths.filter((_, index) => removals[index]?.status === 'rejected')
}
