import { rm } from 'node:fs/promises'
import { removeScratchFiles, removeSnapshots } from '../instant/remove.ts'
import { letShutdown } from '../machines/shutdown-safe.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import { type KnownServer, stopServing } from '../nbd-server/serving.ts'
import type { Logger } from '../ports/index.ts'
import { type ExportRecord, removeRecord } from './journal.ts'
import { withMachine } from './reach.ts'

export interface RemovalDependencies {
  readonly machines: Pick<MachineService, 'acquire' | 'get'>
  readonly logger: Logger
  readonly journalDir: string
}

/**
 * Takes everything of an export down, in the only order QEMU allows (qemu.md 5.2), and forgets it. Repeatable; names of
 * others are not touched. Tries until it worked or `signal` fires; then the record stays for the next start.
 */
export async function removeExport(
  { machines, logger, journalDir }: RemovalDependencies,
  record: ExportRecord,
  server: KnownServer,
  signal: AbortSignal,
): Promise<void> {
  const machine = { id: record.machineId, pid: record.pid }
  const takeDown = async (lease: MachineLease) => {
    const { session } = lease
    // A QEMU that was started since has no server of ours.
    const known = lease.machine.pid === record.pid ? server : { runs: false }
    const served = !(await stopServing(session, record, known))
    if (served) {
      const { machineName, socketPath } = record
      logger.warn('The NBD server of an export stays, because another program uses it', { machineName, socketPath })
    }
    const stay = await removeSnapshots(session, record.disks)
    if (stay.length > 0) logger.warn('Old data of an export stays until a later start', { stay })
    // Not one that was started since: nothing was set there.
    if (record.hold && lease.machine.pid === record.pid && (await letShutdown(session, record.hold))) {
      logger.info('A machine whose guest turned itself off during its export ends', { machine: record.machineName })
    }
    return served
  }
  // The images of a machine that was off were served by a process that has ended with its Floe.
  const isOff = record.disks.length === 0
  const removed = isOff ? null : await withMachine({ machines, logger, machine, signal }, takeDown)
  if (removed === null) await removeScratchFiles(record.disks)
  if (record.readerSocketPath !== null) await rm(record.readerSocketPath, { force: true })
  if (removed?.value !== true) await rm(record.socketFolder, { recursive: true, force: true })
  await removeRecord(journalDir, record.jobId)
}
