import type { RawQmp } from '../support/raw-qmp.ts'
import { run, until } from '../support/run.ts'

/** Incremental backups as a person types them: an overlay over the last one, and a dirty bitmap for each. */
export class BareChain {
  readonly #monitor: RawQmp
  readonly #node: string
  readonly #folder: string
  #images: string[] = []

  constructor(monitor: RawQmp, node: string, folder: string) {
    this.#monitor = monitor
    this.#node = node
    this.#folder = folder
  }

  /** The image that lies over all others. */
  get last(): string {
    const last = this.#images.at(-1)
    if (last === undefined) throw new Error('There is no bare backup yet.')
    return last
  }

  /** A full backup the first time, later what changed since the last. Ends with the data on disk. `size`: bytes, of the disk. */
  async backUp(size: number): Promise<void> {
    const number = this.#images.length
    const target = `${this.#folder}/bare-${number}.qcow2`
    const backing = number === 0 ? [] : ['-b', this.last, '-F', 'qcow2']
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', ...backing, target, String(size))
    const file = { driver: 'file', filename: target }
    await this.#monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'bare-target', file })
    const [old, fresh] = [`bare-${number - 1}`, `bare-${number}`]
    const job = { 'job-id': 'bare-job', device: this.#node, target: 'bare-target', 'auto-dismiss': false }
    const how = number === 0 ? { sync: 'full' } : { sync: 'bitmap', bitmap: old, 'bitmap-mode': 'never' }
    this.#monitor.events.length = 0
    await this.#monitor.command('transaction', {
      actions: [
        { type: 'block-dirty-bitmap-add', data: { node: this.#node, name: fresh, persistent: true } },
        { type: 'blockdev-backup', data: { ...job, ...how } },
      ],
    })
    await until(
      () => this.#monitor.events.some(({ event }) => event === 'BLOCK_JOB_COMPLETED'),
      'the bare job',
      600_000,
    )
    const [ended] = await this.#monitor.command<{ status: string; error?: string }[]>('query-jobs')
    if (ended?.error !== undefined) throw new Error(`The bare job failed: ${ended.error}`)
    const isOver = async () => (await this.#monitor.command<{ status: string }[]>('query-jobs'))[0]?.status
    await until(async () => (await isOver()) === 'concluded', 'the verdict')
    await this.#monitor.command('job-dismiss', { id: 'bare-job' })
    await this.#monitor.command('blockdev-del', { 'node-name': 'bare-target' })
    if (number > 0) await this.#monitor.command('block-dirty-bitmap-remove', { node: this.#node, name: old })
    await run('sync', '-d', target)
    this.#images.push(target)
  }
}
