// While an instant is held: how much room the guest's old data takes, and whether the instant can still be read. QEMU
// gives the instant up rather than the guest (on-cbw-error, qemu.md 5.3) and tells nobody, so somebody has to read.
import { stat, statfs } from 'node:fs/promises'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { FloeError } from '../errors.ts'
import { reservedBytes } from '../instant/scratch.ts'
import type { ScratchPlan } from '../instant/types.ts'
import { NbdClient } from '../nbd/client.ts'
import { NbdServerError } from '../nbd/errors.ts'
import type { ExportedDisk, ExportRecord } from './journal.ts'

const sampleBytes = 4096

/** Bytes that the scratch images take up on their drive. */
export async function scratchUsed(disks: readonly ExportedDisk[]): Promise<number> {
  const sizes = await Promise.all(
    disks.map(async ({ scratchPath }) => {
      const found = await stat(scratchPath).catch(() => null)
      return found === null ? 0 : found.blocks * 512
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Half of what the plan keeps free: a drive can be filled by others too, and what is left is for them. */
async function isDriveFull(folder: string): Promise<boolean> {
  const drive = await statfs(folder).catch(() => null)
  if (drive === null || drive.blocks === 0) return false
  return drive.bavail * drive.bsize < reservedBytes(drive.blocks * drive.bsize) / 2
}

/** @throws FloeError `export/scratch-full` */
export async function assertRoom(record: ExportRecord, plan: ScratchPlan, usedBytes: number): Promise<void> {
  const over = usedBytes > plan.limitBytes
  if (!over && !(await isDriveFull(plan.folder))) return
  throw scratchFull(record, plan, usedBytes)
}

export function scratchFull(record: ExportRecord, plan: ScratchPlan, usedBytes: number): FloeError {
  const { machineName: machine } = record
  return new FloeError(
    'export/scratch-full',
    `The guest of ${machine} overwrote more than there is room for in ${plan.folder}: ${formatBytes(usedBytes)} of its old data lie there, ${formatBytes(plan.limitBytes)} were planned. The guest was not held up.`,
    {
      params: { machine, folder: plan.folder, usedBytes, limitBytes: plan.limitBytes },
      remedy: 'Free space there, choose another scratch folder in the settings, or read the export faster.',
    },
  )
}

interface Sampled {
  readonly name: string
  readonly client: NbdClient
}

/** Reads a little of each disk's instant now and then, over connections of its own. */
export class Samples implements Disposable {
  readonly #sampled: readonly Sampled[]
  readonly #buffer = new Uint8Array(sampleBytes)

  private constructor(sampled: readonly Sampled[]) {
    this.#sampled = sampled
  }

  /** @throws NbdConnectionError, NbdServerError */
  static async open(socketPath: string, names: readonly string[]): Promise<Samples> {
    const sampled: Sampled[] = []
    try {
      for (const name of names) {
        sampled.push({ name, client: await NbdClient.connect(socketPath, { exportName: name }) })
      }
      return new Samples(sampled)
    } catch (error) {
      for (const { client } of sampled) client.close()
      throw error
    }
  }

  /** @throws FloeError `export/ended` when an instant cannot be read any more */
  async check(machineName: string): Promise<void> {
    for (const { name, client } of this.#sampled) {
      const length = Math.min(sampleBytes, client.size)
      if (length === 0) continue
      try {
        await client.read(0, this.#buffer.subarray(0, length))
      } catch (error) {
        throw lost(machineName, name, error)
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#sampled) client.close()
  }
}

function lost(machineName: string, disk: string, error: unknown): FloeError {
  const why =
    error instanceof NbdServerError
      ? `The instant of ${machineName} was lost: its disk ${disk} can't be read any more. The guest goes on.`
      : `QEMU ended the export of ${machineName}.`
  return new FloeError('export/ended', why, {
    params: { machine: machineName, disk },
    cause: error,
    remedy: 'What was read from this export is not complete: begin again.',
  })
}
