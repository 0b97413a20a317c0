// `npm run bench`: a full backup with Floe next to bare QMP, `qemu-img convert` and `cp --sparse=always`, interleaved,
// medians as ratios to bare QMP of the same run. FLOE_BENCH_ROUNDS, FLOE_BENCH_GIB and FLOE_BENCH_DATA_GIB change the size.
// Then incrementals and restores next to chains (FLOE_BENCH_ONLY=incremental does only that), incrementals after many
// others (also alone, FLOE_BENCH_ONLY=many), and what a backup to a slow drive costs the guest (FLOE_BENCH_ONLY=slow).
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { planBackup } from '../../electron/core/backup/plan.ts'
import { capabilitiesOf, type SchemaEntry } from '../../electron/core/qmp/capabilities.ts'
import type { DestinationId, JobId, PointId } from '../../shared/domain/ids.ts'
import { startQemu } from '../support/qemu.ts'
import { run } from '../support/run.ts'
import { canSlowDown } from '../support/slow-volume.ts'
import { tempDir } from '../support/temp.ts'
import { bareQmpBackup } from './bare-qmp.ts'
import { createBenchDisk } from './disk.ts'
import { FloeProcess } from './floe-process.ts'
import { describeIncremental, measureIncremental } from './incremental.ts'
import { describeManyPoints, measureManyPoints } from './many-points.ts'
import { cpuSeconds, peakMegabytes } from './process-use.ts'
import { describeSlowDestination, measureSlowDestination } from './slow-destination.ts'
import { median, seconds } from './statistics.ts'

const rounds = Number(process.env.FLOE_BENCH_ROUNDS ?? 5)
const sizeGiB = Number(process.env.FLOE_BENCH_GIB ?? 8)
const dataGiB = Number(process.env.FLOE_BENCH_DATA_GIB ?? 2)
const program = new URL('../../out/floe', import.meta.url).pathname

async function guestOnSlowDestination(): Promise<void> {
  if (canSlowDown()) {
    const result = await measureSlowDestination(program, rounds)
    console.log(describeSlowDestination(result))
  } else console.log('A drive is made slow with the blkio controller of control groups (version 1), as root: left out.')
}

async function incrementals(): Promise<void> {
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    console.log(describeIncremental(await measureIncremental(program, rounds)))
    console.log(describeManyPoints(await measureManyPoints(program, rounds)))
  } else console.log('A file system that clones is mounted for the incrementals on Linux, as root: left out.')
}

async function manyPoints(): Promise<void> {
  console.log(describeManyPoints(await measureManyPoints(program, rounds)))
}

const only = { slow: guestOnSlowDestination, incremental: incrementals, many: manyPoints }[
  process.env.FLOE_BENCH_ONLY ?? ''
]
if (only) {
  await only()
  process.exit(0)
}

using dir = tempDir('floe-bench-')
const image = dir.file('source.qcow2')
const size = sizeGiB * 1024 ** 3
console.log(`Making a disk of ${sizeGiB} GiB with ${dataGiB} GiB of data…`)
await createBenchDisk(image, sizeGiB, dataGiB)
mkdirSync(dir.file('backups'))

await using qemu = await startQemu({ disks: [{ id: 'vda', path: image, format: 'qcow2' }], name: 'bench' })
const floe = await FloeProcess.start(program, dir.file('home'))
const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: 'bench' })
const { bounds } = planBackup({
  jobId: 'bench0000000' as JobId,
  machineName: machine.name,
  inventory: machine.disks,
  wanted: null,
  roots: [],
  hindrance: null,
  history: {
    destinationId: 'bench0000000' as DestinationId,
    pointId: 'bench0000000' as PointId,
    wished: 'full',
    parents: [],
    tracking: new Map(),
    noComparison: null,
  },
  scratch: () => ({ kind: 'no-room', reason: 'Only the bounds are asked for.' }),
  freeze: { kind: 'no-freeze', cause: 'not-wanted', reason: 'Only the bounds are asked for.' },
  capabilities: capabilitiesOf(await qemu.monitor.command<SchemaEntry[]>('query-qmp-schema')),
})
const destination = await floe.call('destinations.add', { path: dir.file('backups'), name: null })

const times: Record<'floe' | 'bare' | 'convert' | 'cp' | 'check' | 'sha256sum', number[]> = {
  floe: [],
  bare: [],
  convert: [],
  cp: [],
  check: [],
  sha256sum: [],
}
const cpuShares: number[] = []

async function floeRound(): Promise<void> {
  const pid = floe.child.pid as number
  const started = performance.now()
  const samples: { at: number; cpu: number }[] = []
  const job = await floe.backup(machine.id, destination.id, false, ({ state }) => {
    if (state.kind === 'copying') samples.push({ at: performance.now(), cpu: cpuSeconds(pid) })
  })
  times.floe.push((performance.now() - started) / 1000)
  const [first, last] = [samples[0], samples.at(-1)]
  if (first && last && last.at > first.at) cpuShares.push(((last.cpu - first.cpu) * 1000) / (last.at - first.at))
  const point = await floe.call('points.get', {
    pointId: job.pointId ?? (job.result?.pointId as NonNullable<typeof job.pointId>),
  })
  const file = join(point.path, point.disks[0]?.file as string)
  const removal = await floe.call('points.delete', { pointIds: [point.id] })
  await floe.finished(removal.jobId)
  rmSync(file, { force: true })
}

const target = dir.file('target')
async function withTarget(times: number[], work: () => Promise<unknown>): Promise<void> {
  times.push(await seconds(work))
  rmSync(target, { force: true })
}

for (let round = 0; round < rounds; round += 1) {
  const contenders = [
    floeRound,
    () =>
      withTarget(times.bare, () =>
        bareQmpBackup(qemu.monitor, 'n-vda', size, target, bounds ? { 'x-perf': bounds } : {}),
      ),
    () =>
      withTarget(times.convert, async () => {
        await run('qemu-img', 'convert', '-U', '-f', 'qcow2', '-O', 'qcow2', image, target)
        await run('sync', '-d', target)
      }),
    () =>
      withTarget(times.cp, async () => {
        await run('cp', '--sparse=always', image, target)
        await run('sync', '-d', target)
      }),
  ]
  for (let turn = 0; turn < contenders.length; turn += 1) {
    await run('sync')
    await contenders[(turn + round) % contenders.length]?.()
  }
  console.log(
    `Round ${round + 1} of ${rounds}: Floe ${times.floe.at(-1)?.toFixed(2)} s, bare QMP ${times.bare.at(-1)?.toFixed(2)} s`,
  )
}

for (let round = 0; round < Math.min(rounds, 3); round += 1) {
  const recorded = await floe.backup(machine.id, destination.id, false)
  const pointId = recorded.result?.pointId as NonNullable<typeof recorded.pointId>
  const point = await floe.call('points.get', { pointId })
  times.sha256sum.push(await seconds(() => run('sha256sum', join(point.path, point.disks[0]?.file as string))))
  await floe.finished((await floe.call('points.delete', { pointIds: [pointId] })).jobId)
  const checked = await floe.backup(machine.id, destination.id, true)
  const began = checked.startedAt ? Date.parse(checked.startedAt) : 0
  const whole = (Date.parse(checked.finishedAt as string) - began) / 1000
  times.check.push(Math.max(0.001, whole - median(times.floe)))
  await floe.finished(
    (await floe.call('points.delete', { pointIds: [checked.result?.pointId as NonNullable<typeof checked.pointId>] }))
      .jobId,
  )
}

const memory = peakMegabytes(floe.child.pid as number)
await floe.stop()
const ratio = (name: keyof typeof times) => (median(times[name]) / median(times.bare)).toFixed(2)
console.log(`
Full backup, ${sizeGiB} GiB disk with ${dataGiB} GiB of data, ${rounds} interleaved rounds, median wall time as a ratio to bare QMP
(${median(times.bare).toFixed(2)} s here; the seconds say something about this computer only):
  Floe, to the recorded point   ${ratio('floe')}   (goal: at most 1.05)
  bare QMP                      1.00
  qemu-img convert              ${ratio('convert')}
  cp --sparse=always            ${ratio('cp')}
Checking next to sha256sum of the same file: ${(median(times.sha256sum) / median(times.check)).toFixed(2)} of its speed   (goal: at least 0.5)
Floe's process while copying: ${(median(cpuShares) * 100).toFixed(1)} % CPU (goal: under 3 %), ${memory.toFixed(0)} MB at most (goal: under 200 MB)`)
await incrementals()
await guestOnSlowDestination()
