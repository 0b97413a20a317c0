import type { RawQmp } from '../support/raw-qmp.ts'
import { run, until } from '../support/run.ts'

/** The commands a person types today, with the copy settings Floe chose: its yardstick. Ends with the data on disk. */
export async function bareQmpBackup(
  monitor: RawQmp,
  node: string,
  size: number,
  target: string,
  bounds: Record<string, unknown>,
): Promise<void> {
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', target, String(size))
  await monitor.command('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'bench-target',
    file: { driver: 'file', filename: target },
  })
  monitor.events.length = 0
  await monitor.command('blockdev-backup', {
    'job-id': 'bench-job',
    device: node,
    target: 'bench-target',
    sync: 'full',
    'auto-dismiss': false,
    ...bounds,
  })
  await until(() => monitor.events.some((event) => event.event === 'BLOCK_JOB_COMPLETED'), 'the bare job', 600_000)
  const jobs = await monitor.command<{ id: string; status: string; error?: string }[]>('query-jobs')
  if (jobs.some((job) => job.error)) throw new Error(`The bare job failed: ${JSON.stringify(jobs)}`)
  await until(
    async () => (await monitor.command<{ status: string }[]>('query-jobs')).every((job) => job.status === 'concluded'),
    'the verdict',
  )
  await monitor.command('job-dismiss', { id: 'bench-job' })
  await monitor.command('blockdev-del', { 'node-name': 'bench-target' })
  await run('sync', '-d', target)
}
