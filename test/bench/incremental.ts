// What an incremental costs next to the same by bare QMP, what one costs that finds nothing changed, and what a restore of
// the last of many points costs on a file system that clones, next to the first point and next to a chain of overlays.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DestinationId, PointId } from '../../shared/domain/ids.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import type { Point } from '../../shared/domain/point.ts'
import { startQemu, type TestQemu } from '../support/qemu.ts'
import { seeded } from '../support/random.ts'
import { run } from '../support/run.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { volume } from '../support/volume.ts'
import { BareChain } from './bare-incremental.ts'
import { createBenchDisk } from './disk.ts'
import { FloeProcess } from './floe-process.ts'
import { median, seconds } from './statistics.ts'

const mebibyte = 1 << 20
const cluster = 64 << 10
const diskGiB = 1
const dataGiB = 0.5
/** As `createBenchDisk` lays them out. */
const piece = 16 * mebibyte
const pieces = (dataGiB * 1024 * mebibyte) / piece
const stride = Math.floor((diskGiB * 1024 * mebibyte) / pieces / piece) * piece
const changed = 128 * mebibyte
const points = 20
const changedPerPoint = 16 * mebibyte

type Contender = 'floe' | 'bare' | 'nothing' | 'first' | 'last' | 'plain' | 'chain'
export type IncrementalResult = Readonly<Record<Contender, readonly number[]>>

/** A guest and a Floe that backs it up, with a chain by bare QMP of the same disk beside it. */
class Bench {
  readonly qemu: TestQemu
  readonly chain: BareChain
  readonly #floe: FloeProcess
  readonly #machine: Machine
  readonly #random = seeded(20)

  constructor(qemu: TestQemu, floe: FloeProcess, machine: Machine, bareFolder: string) {
    this.qemu = qemu
    this.#floe = floe
    this.#machine = machine
    this.chain = new BareChain(qemu.monitor, 'n-vda', bareFolder)
  }

  /** Scattered over the data there is, so that the disk holds no more of it than before. */
  async change(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= cluster) {
      const at = Math.floor(this.#random() * pieces) * stride + Math.floor(this.#random() * (piece / cluster)) * cluster
      await this.qemu.write('vda', at, cluster, 1 + Math.floor(this.#random() * 255))
    }
    await this.qemu.flush('vda')
    await run('sync')
  }

  bare(): Promise<void> {
    return this.chain.backUp(diskGiB * 1024 * mebibyte)
  }

  async floe(destinationId: DestinationId, check: boolean, wanted: Point['basis']): Promise<Point> {
    const { result } = await this.#floe.backup(this.#machine.id, destinationId, check)
    const point = await this.#floe.call('points.get', { pointId: result?.pointId as PointId })
    if (point.basis !== wanted) throw new Error(`A backup by ${point.basis}, not ${wanted}: ${point.kindReason}`)
    return point
  }

  async restore(point: Point, directory: string): Promise<void> {
    const request = { pointId: point.id, directory, format: 'qcow2' } as const
    const job = await this.#floe.finished((await this.#floe.call('restore.toNewImage', request)).jobId)
    for (const { path } of job.result?.images ?? []) rmSync(path)
  }
}

/** Each contender once, in another order each round. */
async function inTurns(
  rounds: number,
  contenders: readonly (readonly [Contender, () => Promise<unknown>])[],
  times: Record<Contender, number[]>,
  before: () => Promise<unknown> = () => run('sync'),
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await before()
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const [name, work] = contenders[(turn + round) % contenders.length] as (typeof contenders)[number]
      await run('sync')
      times[name].push(await seconds(work))
    }
  }
}

async function convert(from: string, dir: TempDir): Promise<void> {
  const target = dir.file('converted.qcow2')
  await run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'qcow2', from, target)
  await run('sync', '-d', target)
  rmSync(target)
}

/** `program`: the built `floe`. Seconds. */
export async function measureIncremental(program: string, rounds: number): Promise<IncrementalResult> {
  using dir = tempDir('floe-bench-')
  using drive = volume('xfs', 6 * 1024)
  const image = dir.file('source.qcow2')
  await createBenchDisk(image, diskGiB, dataGiB)
  await using qemu = await startQemu({
    disks: [{ id: 'vda', path: image, format: 'qcow2' }],
    name: 'bench',
  })
  const floe = await FloeProcess.start(program, dir.file('home'))
  try {
    const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: 'bench' })
    const folders = ['backups', 'restored'].map((name) => dir.file(name))
    await run('mkdir', ...folders, `${drive.path}/backups`, `${drive.path}/bare`)
    const ordinary = await floe.call('destinations.add', { path: dir.file('backups'), name: null })
    const cloning = await floe.call('destinations.add', { path: `${drive.path}/backups`, name: null })
    const times: Record<Contender, number[]> = {
      floe: [],
      bare: [],
      nothing: [],
      first: [],
      last: [],
      plain: [],
      chain: [],
    }

    const beside = new Bench(qemu, floe, machine, dir.path)
    await beside.floe(ordinary.id, false, 'all')
    await beside.bare()
    await inTurns(
      rounds,
      [
        ['floe', () => beside.floe(ordinary.id, false, 'bitmap')],
        ['bare', () => beside.bare()],
      ],
      times,
      () => beside.change(changed),
    )
    await inTurns(rounds, [['nothing', () => beside.floe(ordinary.id, true, 'bitmap')]], times)
    await qemu.monitor.command('block-dirty-bitmap-remove', { node: 'n-vda', name: `bare-${rounds}` })

    const long = new Bench(qemu, floe, machine, `${drive.path}/bare`)
    const first = await long.floe(cloning.id, true, 'all')
    await long.bare()
    let last = first
    for (let number = 1; number < points; number += 1) {
      await long.change(changedPerPoint)
      last = await long.floe(cloning.id, true, 'bitmap')
      await long.bare()
    }
    if (last.storage !== 'clone') throw new Error('The points are not clones.')
    const restored = dir.file('restored')
    await inTurns(
      rounds,
      [
        ['first', () => long.restore(first, restored)],
        ['last', () => long.restore(last, restored)],
        ['plain', () => convert(join(last.path, last.disks[0]?.file as string), dir)],
        ['chain', () => convert(long.chain.last, dir)],
      ],
      times,
    )
    return times
  } finally {
    await floe.stop()
  }
}

export function describeIncremental(times: IncrementalResult): string {
  const ratio = (a: Contender, b: Contender) => (median(times[a]) / median(times[b])).toFixed(2)
  const most = median(times.nothing).toFixed(2)
  return `
An incremental after ${changed / mebibyte} MiB of scattered 64 KiB writes, ${times.floe.length} interleaved rounds, median wall time as a ratio to bare QMP
(bitmap, overlay, blockdev-backup; ${median(times.bare).toFixed(2)} s here):
  Floe, to the recorded point   ${ratio('floe', 'bare')}
  bare QMP                      1.00
An incremental with nothing changed, checked: ${most} s   (goal: under 2 s)
Restoring the last of ${points} points to a new image, on a file system that clones, as ratios (the first: ${median(times.first).toFixed(2)} s here):
  Floe, the last to the first                              ${ratio('last', 'first')}   (goal: at most 1.1)
  Floe, to qemu-img convert of a chain of ${points} overlays      ${ratio('last', 'chain')}
  qemu-img convert of Floe's last image, to that chain's   ${ratio('plain', 'chain')}`
}
