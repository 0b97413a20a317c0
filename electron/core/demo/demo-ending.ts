import type { MachineId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { DemoFiles } from './demo-files.ts'
import { findProcess, killProcess, waitForEnd } from './demo-process.ts'

/**
 * Ends the demo's QEMU: over QMP if the machine can be reached, else by signals to exactly its process. Unlike a
 * person's machine the demo may be ended like this: its guest survives it at any moment, as its checks show.
 * @throws FloeError `machine/has-jobs` while QEMU copies something
 */
export async function endDemo(
  files: DemoFiles,
  ports: Pick<Ports, 'platform' | 'logger'>,
  machines: Pick<MachineService, 'acquire'>,
  machineId: MachineId | null,
): Promise<void> {
  const pid = await findProcess(files, ports)
  if (pid === null) return
  if (machineId !== null && (await askToQuit(machineId, machines, ports)) && (await waitForEnd(pid, 5_000))) return
  await killProcess(files, ports)
}

/** @returns whether QEMU was told; false when it cannot be reached */
async function askToQuit(
  machineId: MachineId,
  machines: Pick<MachineService, 'acquire'>,
  ports: Pick<Ports, 'logger'>,
): Promise<boolean> {
  try {
    await using lease = await machines.acquire(machineId)
    const jobs = await lease.session.execute<{ id: string; status: string }[]>('query-jobs')
    if (jobs.some((job) => job.status !== 'concluded' && job.status !== 'null')) {
      throw new FloeError('machine/has-jobs', 'The demo machine is being backed up.', {
        params: { machine: 'Demo' },
        remedy: 'Wait until the backup is done, or cancel it.',
      })
    }
    await lease.session.execute('quit', {}, { timeoutMs: 5_000 })
    return true
  } catch (error) {
    if (error instanceof FloeError && error.code === 'machine/has-jobs') throw error
    ports.logger.warn('The demo machine could not be asked to quit', { error: String(error) })
    return false
  }
}
