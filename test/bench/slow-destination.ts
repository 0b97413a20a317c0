// What a backup to a slow drive costs the guest: how long its writes take and how long QEMU's monitor is deaf, idle, with
// Floe's choice, and with a bare `blockdev-backup` as QEMU makes it by default. All on one guest, in turns.
import { execFileSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { run, until } from '../support/run.ts'
import { slowVolume } from '../support/slow-volume.ts'
import { tempDir } from '../support/temp.ts'
import { startWritingGuest } from '../support/writing-guest.ts'
import { FloeProcess } from './floe-process.ts'
import { median } from './statistics.ts'
import { type Latencies, LatencyProbe, MonitorStall } from './write-latency.ts'

const mebibyte = 1 << 20
const bytesPerSecond = 2 * mebibyte
/** The guest gets once around its disk in about this time, so that most of its writes meet clusters not copied yet. */
const windowMs = Number(process.env.FLOE_BENCH_WINDOW_MS ?? 12_000)
/** Writes that make a 99th percentile worth something; a guest that is held up may not get there. */
const longestWindowMs = 40_000
const diskMiB = 254
const device = '/machine/peripheral/vdb/virtio-backend'

interface Turn extends Latencies {
  readonly stallMs: number
}
type Contender = 'idle' | 'floe' | 'direct'
export type SlowDestinationResult = Readonly<Record<Contender, readonly Turn[]>> & {
  readonly way: string
}

/** Interleaved turns on one guest. `program`: the built `floe`. */
export async function measureSlowDestination(program: string, rounds: number): Promise<SlowDestinationResult> {
  using dir = tempDir('floe-bench-')
  using drive = slowVolume(512, bytesPerSecond)
  const disk = dir.file('data.qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', disk, `${diskMiB}M`)
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 5 0 ${diskMiB}M`, disk], { stdio: 'ignore' })
  await run('sync')
  await using guest = await startWritingGuest(dir, disk, { sectors: diskMiB * 2048 })
  const { monitor, qmpPath } = guest.qemu
  const probe = new LatencyProbe(monitor, device)
  await until(() => guest.written().length > 200, 'the guest to write', 60_000)

  const floe = await FloeProcess.start(program, dir.file('home'))
  try {
    const machine = await floe.call('machines.add', { qmp: qmpPath, agent: null, name: 'bench' })
    await run('mkdir', `${drive.path}/backups`)
    const destination = await floe.call('destinations.add', { path: `${drive.path}/backups`, name: null })
    let way = ''

    const look = async (stall: MonitorStall): Promise<Turn> => {
      await probe.start()
      const began = performance.now()
      await wait(windowMs)
      while (performance.now() - began < longestWindowMs && (await probe.read()).writes < 100) await wait(1_000)
      const latencies = await probe.read()
      return { ...latencies, stallMs: await stall.stop() }
    }

    const whileFloeCopies = async (): Promise<Turn> => {
      const stall = new MonitorStall(monitor)
      const { jobId } = await floe.call('backup.start', {
        machineId: machine.id,
        destinationId: destination.id,
        diskIds: ['data'],
        limit: null,
        check: false,
      })
      const copying = Promise.withResolvers<void>()
      const ended = floe.finished(jobId, (job) => {
        way = job.way?.way ?? way
        if (job.state.kind === 'copying') copying.resolve()
      })
      ended.catch(() => copying.reject(new Error('The backup ended before it copied.')))
      await copying.promise
      const turn = await look(stall)
      await floe.call('jobs.cancel', { jobId })
      await ended.catch(() => {})
      return turn
    }

    const whileDirectCopies = async (): Promise<Turn> => {
      const stall = new MonitorStall(monitor)
      const target = `${drive.path}/direct.qcow2`
      await run('qemu-img', 'create', '-q', '-f', 'qcow2', target, `${diskMiB}M`)
      const file = { driver: 'file', filename: target }
      await monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'bench-target', file })
      const job = { 'job-id': 'bench-job', device: 'data', target: 'bench-target', sync: 'full', 'auto-dismiss': false }
      await monitor.command('blockdev-backup', job)
      const turn = await look(stall)
      await monitor.command('job-cancel', { id: 'bench-job' })
      const status = async () => (await monitor.command<{ status: string }[]>('query-jobs'))[0]?.status
      await until(async () => (await status()) === 'concluded', 'the bare job to end', 300_000)
      await monitor.command('job-dismiss', { id: 'bench-job' })
      await monitor.command('blockdev-del', { 'node-name': 'bench-target' })
      await run('rm', target)
      return turn
    }

    const turns: Record<Contender, Turn[]> = { idle: [], floe: [], direct: [] }
    for (let round = 0; round < rounds; round += 1) {
      const take: Record<Contender, () => Promise<Turn>> = {
        idle: () => look(new MonitorStall(monitor)),
        floe: whileFloeCopies,
        direct: whileDirectCopies,
      }
      const names: readonly Contender[] = ['idle', 'floe', 'direct']
      for (let turn = 0; turn < names.length; turn += 1) {
        const name = names[(turn + round) % names.length] as Contender
        turns[name].push(await take[name]())
      }
      const words = (Object.keys(turns) as Contender[]).map(
        (name) => `${name} ${turns[name].at(-1)?.p99.toFixed(1)} ms`,
      )
      console.log(`Round ${round + 1} of ${rounds}, p99 of a write: ${words.join(', ')}`)
    }
    return { ...turns, way }
  } finally {
    await floe.stop()
  }
}

/** A table of medians over the rounds, latencies as ratios to idle of the same round. */
export function describeSlowDestination(result: SlowDestinationResult): string {
  const of = (name: Contender, part: keyof Turn) => median(result[name].map((turn) => turn[part]))
  const ratio = (name: Contender, part: keyof Turn) =>
    median(result[name].map((turn, round) => turn[part] / (result.idle[round] as Turn)[part]))
      .toFixed(1)
      .padStart(8)
  const row = (title: string, name: Contender) => {
    const longest = Math.max(...result[name].map((turn) => turn.stallMs))
    return `  ${title.padEnd(30)}${ratio(name, 'p50')}${ratio(name, 'p99')}${ratio(name, 'worst')}${longest.toFixed(0).padStart(12)} ms`
  }
  return `
A guest's writes while it is backed up to a drive of 2 MB/s, as ratios to no backup (idle here: p50 ${of('idle', 'p50').toFixed(1)} ms, p99 ${of('idle', 'p99').toFixed(1)} ms)
  ${''.padEnd(30)}${'p50'.padStart(8)}${'p99'.padStart(8)}${'worst'.padStart(8)}   longest QMP stall
${row('no backup', 'idle')}
${row(`Floe (${result.way})`, 'floe')}   (goal: p99 at most 3, stall under 1000 ms)
${row('blockdev-backup, its defaults', 'direct')}`
}
