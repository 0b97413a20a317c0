import type { QmpCapabilities, QmpSession } from '../qmp/types.ts'

/** Can this QEMU keep an instant that others read (7.1), and keep the disks from being resized meanwhile? */
export function canFleece(capabilities: QmpCapabilities): boolean {
  return (
    capabilities.hasDriver('copy-before-write', 'on-cbw-error') &&
    capabilities.hasDriver('copy-before-write', 'cbw-timeout') &&
    capabilities.hasDriver('snapshot-access') &&
    capabilities.hasDriver('blkdebug', 'unshare-child-perms')
  )
}

interface BlockJob {
  readonly device: string
  readonly type: string
}

/**
 * What makes filters dangerous to this guest right now, as a sentence; null when nothing does. QEMU 7.2 can crash when
 * a filter is added to a disk that an I/O thread serves, and a mirror of another program would miss the guest's writes
 * (docs/qmp.md).
 */
export async function fleecingHindrance(session: QmpSession): Promise<string | null> {
  const threads = await session.execute<unknown[]>('query-iothreads')
  if (threads.length > 0) return 'The machine uses I/O threads, and adding filters to such disks can crash QEMU.'
  const jobs = await session.execute<BlockJob[]>('query-block-jobs')
  const foreign = jobs.find((job) => !job.device.startsWith('floe-'))
  return foreign ? `Another program's job (${foreign.type} "${foreign.device}") runs on a disk of this machine.` : null
}
