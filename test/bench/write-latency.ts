import { setTimeout as wait } from 'node:timers/promises'
import type { RawQmp } from '../support/raw-qmp.ts'

/** Milliseconds per write of the guest, as QEMU counts them at its device. */
export interface Latencies {
  readonly writes: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
}

interface BlockStats {
  readonly qdev?: string
  readonly stats: { readonly wr_latency_histogram?: { readonly boundaries: number[]; readonly bins: number[] } }
}

/** From 10 microseconds to 100 seconds, each a tenth above the last: what is read off them is at most so much too high. */
const boundaries: readonly number[] = Array.from({ length: 170 }, (_, index) => Math.round(10_000 * 1.1 ** index))

/** Counts a device's writes by how long they take (`block-latency-histogram-set`), from `start` to `read`. */
export class LatencyProbe {
  readonly #monitor: RawQmp
  readonly #device: string

  /** `device`: QOM path of the disk's device. */
  constructor(monitor: RawQmp, device: string) {
    this.#monitor = monitor
    this.#device = device
  }

  async start(): Promise<void> {
    await this.#monitor.command('block-latency-histogram-set', {
      id: this.#device,
      'boundaries-write': [...boundaries],
    })
  }

  async read(): Promise<Latencies> {
    const all = await this.#monitor.command<BlockStats[]>('query-blockstats')
    const bins = all.find((device) => device.qdev === this.#device)?.stats.wr_latency_histogram?.bins
    if (!bins) throw new Error(`QEMU counts no latencies for ${this.#device}.`)
    const writes = bins.reduce((sum, count) => sum + count, 0)
    const at = (share: number) => {
      let seen = 0
      const bin = bins.findIndex((count) => {
        seen += count
        return seen >= share * writes && seen > 0
      })
      return (boundaries[Math.min(bin, boundaries.length - 1)] ?? 0) / 1e6
    }
    return { writes, p50: at(0.5), p99: at(0.99), worst: at(1) }
  }
}

/** The longest time QEMU took to answer a simple question, until `stop`. Milliseconds. */
export class MonitorStall {
  readonly #monitor: RawQmp
  #worst = 0
  #asking = true
  readonly #asked: Promise<void>

  constructor(monitor: RawQmp) {
    this.#monitor = monitor
    this.#asked = this.#ask()
  }

  async stop(): Promise<number> {
    this.#asking = false
    await this.#asked
    return this.#worst
  }

  async #ask(): Promise<void> {
    while (this.#asking) {
      const began = performance.now()
      await this.#monitor.command('query-status')
      this.#worst = Math.max(this.#worst, performance.now() - began)
      await wait(20)
    }
  }
}
