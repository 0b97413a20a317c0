// Whether the fiftieth incremental takes longer than the second: the same change is backed up to a destination that holds
// many points and to one that holds few, in turns, so that a busy computer slows both.
import { mkdirSync, rmSync } from 'node:fs'
import type { DestinationId, PointId } from '../../shared/domain/ids.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import type { Point } from '../../shared/domain/point.ts'
import { startQemu, type TestQemu } from '../support/qemu.ts'
import { seeded } from '../support/random.ts'
import { run } from '../support/run.ts'
import { tempDir } from '../support/temp.ts'
import { volume } from '../support/volume.ts'
import { createBenchDisk } from './disk.ts'
import { FloeProcess } from './floe-process.ts'
import { median, seconds } from './statistics.ts'

const mebibyte = 1 << 20
const cluster = 64 << 10
const changed = 4 * mebibyte
/** As `createBenchDisk` lays out half a gibibyte of data in one: pieces of 16 MiB, in every second place. */
const places = 32
const stride = 32 * mebibyte
const piece = 16 * mebibyte
/** The last of the measured ones is at least this one. */
const many = 50

/** `scattered`: nearly each 64 KiB in another chunk of the content index, which shows what many points wrote. */
type Change = 'in one piece' | 'scattered'

export interface ManyPointsRow {
  readonly storage: Point['storage']
  readonly change: Change
  /** Seconds, by round. */
  readonly few: readonly number[]
  readonly many: readonly number[]
}

interface Bench {
  readonly floe: FloeProcess
  readonly qemu: TestQemu
  readonly machine: Machine
  readonly random: () => number
}

async function write({ qemu, random }: Bench, change: Change): Promise<void> {
  const step = change === 'scattered' ? cluster : changed
  for (let left = changed; left > 0; left -= step) {
    const at = Math.floor(random() * places) * stride + Math.floor(random() * (piece / step)) * step
    await qemu.write('vda', at, step, 1 + Math.floor(random() * 255))
  }
  await qemu.flush('vda')
  await run('sync')
}

async function backUp({ floe, machine }: Bench, to: DestinationId, wanted: Point['basis']): Promise<Point> {
  const { result } = await floe.backup(machine.id, to, true)
  const point = await floe.call('points.get', { pointId: result?.pointId as PointId })
  if (point.basis !== wanted) throw new Error(`A backup by ${point.basis}, not ${wanted}: ${point.kindReason}`)
  return point
}

/** A new destination with one full backup. */
async function begun(bench: Bench, path: string): Promise<DestinationId> {
  mkdirSync(path)
  const { id } = await bench.floe.call('destinations.add', { path, name: null })
  await backUp(bench, id, 'all')
  return id
}

async function row(bench: Bench, place: string, change: Change, rounds: number): Promise<ManyPointsRow> {
  const times = { few: [] as number[], many: [] as number[] }
  const old = await begun(bench, `${place}/many`)
  for (let number = 1; number <= many - 2 * rounds; number += 1) {
    await write(bench, change)
    await backUp(bench, old, 'bitmap')
  }
  let storage: Point['storage'] = 'chain'
  for (let round = 0; round < rounds; round += 1) {
    const young = await begun(bench, `${place}/few`)
    await write(bench, change)
    for (const id of [young, old]) await backUp(bench, id, 'bitmap')
    await write(bench, change)
    const measure = async (which: 'few' | 'many') => {
      const took = await seconds(async () => {
        storage = (await backUp(bench, which === 'few' ? young : old, 'bitmap')).storage
      })
      times[which].push(took)
    }
    for (const which of round % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)) await measure(which)
    await bench.floe.call('destinations.remove', { destinationId: young })
    rmSync(`${place}/few`, { recursive: true })
  }
  await bench.floe.call('destinations.remove', { destinationId: old })
  rmSync(`${place}/many`, { recursive: true })
  return { storage, change, ...times }
}

/** `program`: the built `floe`. */
export async function measureManyPoints(program: string, rounds: number): Promise<readonly ManyPointsRow[]> {
  using dir = tempDir('floe-bench-')
  using drive = volume('xfs', 4 * 1024)
  const image = dir.file('source.qcow2')
  await createBenchDisk(image, 1, 0.5)
  await using qemu = await startQemu({ disks: [{ id: 'vda', path: image, format: 'qcow2' }], name: 'bench' })
  const floe = await FloeProcess.start(program, dir.file('home'))
  try {
    const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: 'bench' })
    const bench = { floe, qemu, machine, random: seeded(50) }
    const rows: ManyPointsRow[] = []
    for (const change of ['in one piece', 'scattered'] as const) {
      for (const place of [dir.path, drive.path]) rows.push(await row(bench, place, change, rounds))
    }
    return rows
  } finally {
    await floe.stop()
  }
}

export function describeManyPoints(rows: readonly ManyPointsRow[]): string {
  const lines = rows.map(({ storage, change, few, many: late }) => {
    const ratios = late.map((took, round) => took / (few[round] as number))
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    const goal =
      change === 'in one piece' ? 'goal: 0.9 to 1.1' : '64 KiB each, nearly all in chunks of 1 MiB of their own'
    return `${`  stored by ${storage}, ${change}`.padEnd(42)}${median(ratios).toFixed(2)} (${range})   (${goal})`
  })
  return `
The same change of ${changed / mebibyte} MiB, checked, as an incremental to a destination that holds up to ${many} points, to the second of a new one
(in turns, ${rows[0]?.few.length ?? 0} rounds each; median of the ratios and their range):
${lines.join('\n')}`
}
