import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { JobId } from '../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../shared/domain/job.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import type { Point } from '../../shared/domain/point.ts'
import { type BackupWorld, backupWorld } from './backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from './qemu.ts'
import { run, until } from './run.ts'
import { tempDir } from './temp.ts'

const size = 16 << 20
const step = 4 << 10

/** What the guest writes: `pattern` 0 is a write of zeroes. Bytes. */
export interface Write {
  readonly offset: number
  readonly length: number
  readonly pattern: number
}

/** What becomes of one backup, and of QEMU before it. */
export interface Round {
  readonly before: 'nothing' | 'quit' | 'kill'
  readonly writes: readonly Write[]
  readonly wished: 'automatic' | 'full'
  readonly fate:
    | 'good'
    | 'cancelled'
    | 'job-cancelled'
    | 'floe-restarted'
    | 'qemu-killed'
    | 'qemu-quit'
    | 'destination-full'
  /** While it copies. */
  readonly during: readonly Write[]
}

const write: fc.Arbitrary<Write> = fc
  .record({
    at: fc.nat(size / step - 1),
    steps: fc.integer({ min: 1, max: 40 }),
    pattern: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ at, steps, pattern }) => {
    const offset = at * step
    return { offset, length: Math.min(steps * step, size - offset), pattern }
  })

const round: fc.Arbitrary<Round> = fc.record({
  before: fc.oneof(
    { weight: 4, arbitrary: fc.constant('nothing' as const) },
    fc.constantFrom('quit' as const, 'kill' as const),
  ),
  writes: fc.array(write, { maxLength: 4 }),
  wished: fc.oneof({ weight: 12, arbitrary: fc.constant('automatic' as const) }, fc.constant('full' as const)),
  fate: fc.constantFrom<Round['fate']>(
    'good',
    'cancelled',
    'job-cancelled',
    'floe-restarted',
    'qemu-killed',
    'qemu-quit',
    'destination-full',
  ),
  during: fc.array(write, { minLength: 1, maxLength: 3 }),
})

/** Something goes wrong, or not, and then a good backup. */
export const schedule = fc.tuple(
  round,
  round.map((last): Round => ({ ...last, fate: 'good' })),
)

const isOver = (job: Job) => isFinal(job.state)

/** A machine with one disk whose content the test knows byte by byte, and a real Floe that backs it up. */
export class ScheduleRig implements AsyncDisposable {
  readonly world: BackupWorld
  readonly #dir = tempDir('fr-')
  readonly #path: string
  readonly #content = Buffer.alloc(size)
  readonly #known = new Map<string, string>()
  #qemu: TestQemu
  #machine: Machine
  /** How often each basis was used, for the test to see that all were. */
  readonly bases = new Map<string, number>()

  private constructor(world: BackupWorld, path: string, qemu: TestQemu, machine: Machine) {
    this.world = world
    this.#path = path
    this.#qemu = qemu
    this.#machine = machine
  }

  static async start(destinationPath?: string): Promise<ScheduleRig> {
    const dir = tempDir('fr-')
    const path = await createImage(dir.file('disk.qcow2'), size)
    const world = await backupWorld(destinationPath === undefined ? {} : { destinationPath })
    const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
    return new ScheduleRig(world, path, qemu, await world.machine(qemu))
  }

  async run(rounds: readonly Round[]): Promise<void> {
    for (const one of rounds) await this.#round(one)
  }

  /** Every point still shows what the disk held at its instant. */
  async verifyAll(): Promise<number> {
    const points = this.world.floe.repository.points(this.#machine.id)
    for (const point of points) await this.#verify(point)
    return points.length
  }

  /** Deletes points until `count` are left: those whose turn `pick` says. */
  async thin(count: number, pick: (points: readonly Point[]) => Point): Promise<void> {
    const { repository } = this.world.floe
    for (
      let left = repository.points(this.#machine.id);
      left.length > count;
      left = repository.points(this.#machine.id)
    ) {
      await repository.deletePoint(pick(left).id)
    }
  }

  async #round({ before, writes, wished, fate, during }: Round): Promise<void> {
    if (before !== 'nothing') await this.#restart(before)
    for (const one of writes) await this.#write(one)
    const kept = Buffer.from(this.#content)
    const filler = fate === 'destination-full' ? this.#fill() : null
    const limit = fate === 'good' ? null : 1 << 20
    const started = this.world.start(this.#machine, { kind: wished, check: true, limit })
    // A destination that is nearly full is refused at once.
    const id = await started.catch((error: unknown) => {
      if (filler === null) throw error
      return null
    })
    if (id === null) return rmSync(filler as string, { force: true })
    await this.#reachCopying(id)
    for (const one of during) await this.#write(one)
    await this.#meet(fate, id, filler)
    const job = await this.world.floe.board.whenFinal(id)
    if (job.state.kind === 'done') await this.#learn(job, kept)
    else if (fate === 'good') throw new Error(`A backup failed: ${JSON.stringify(job.state)}`)
    if (fate === 'qemu-killed' || fate === 'qemu-quit') await this.#startAgain()
  }

  async #meet(fate: Round['fate'], id: JobId, filler: string | null): Promise<void> {
    const { board } = this.world.floe
    switch (fate) {
      case 'good':
        return
      case 'cancelled':
        await board.cancel(id).catch(() => {})
        return
      case 'job-cancelled': {
        const jobs = await this.#qemu.monitor.command<{ id: string; status: string }[]>('query-jobs')
        for (const job of jobs) await this.#qemu.monitor.command('job-cancel', { id: job.id }).catch(() => {})
        return
      }
      case 'floe-restarted':
        await this.world.restart()
        return this.#letGo(id)
      case 'qemu-killed':
        return this.#qemu.kill()
      case 'qemu-quit':
        return this.#qemu.quit()
      case 'destination-full': {
        await this.#letGo(id)
        const stands = () => isOver(board.get(id)) || board.get(id).state.kind === 'paused'
        await until(stands, 'a full destination', 10_000).catch(() => {})
        if (filler !== null) rmSync(filler, { force: true })
      }
    }
  }

  async #letGo(id: JobId): Promise<void> {
    await this.world.floe.board.setLimit(id, null).catch(() => {})
  }

  /** Leaves a little room only, where the destination is a volume of the test's own. */
  #fill(): string | null {
    const { path } = this.world.destination
    const { bavail, bsize, blocks } = statfsSync(path)
    if (blocks * bsize > 1 << 30) return null
    const filler = join(path, 'filler')
    execFileSync('fallocate', ['-l', String(Math.max(4096, bavail * bsize - (3 << 20))), filler])
    return filler
  }

  async #reachCopying(id: JobId): Promise<void> {
    await until(() => {
      const job = this.world.floe.board.get(id)
      return isOver(job) || !['queued', 'preparing', 'freezing'].includes(job.state.kind)
    }, 'the instant of a backup')
  }

  async #restart(how: 'quit' | 'kill'): Promise<void> {
    await this.#qemu[how]()
    await this.#startAgain()
  }

  /** What a killed QEMU had not brought to the disk is gone, as after a power cut: the image says what the disk holds. */
  async #startAgain(): Promise<void> {
    await this.#qemu[Symbol.asyncDispose]()
    const raw = this.#dir.file('now.raw')
    await run('qemu-img', 'convert', '-O', 'raw', this.#path, raw)
    this.#content.set(readFileSync(raw))
    this.#qemu = await startQemu({ disks: [{ id: 'vda', path: this.#path, format: 'qcow2' }] })
    this.#machine = await this.world.machine(this.#qemu)
  }

  async #write({ offset, length, pattern }: Write): Promise<void> {
    if (pattern === 0) await this.#qemu.zero('vda', offset, length)
    else await this.#qemu.write('vda', offset, length, pattern)
    this.#content.fill(pattern, offset, offset + length)
  }

  async #learn(job: Job, kept: Buffer): Promise<void> {
    const point = this.world.pointOf(job)
    const file = this.#dir.file(`${point.id}.raw`)
    writeFileSync(file, kept)
    this.#known.set(point.id, file)
    this.bases.set(point.basis, (this.bases.get(point.basis) ?? 0) + 1)
    await this.#verify(point)
  }

  async #verify(point: Point): Promise<void> {
    const kept = this.#known.get(point.id)
    if (kept === undefined) throw new Error(`Nobody knows the point ${point.id}`)
    const wrong = await difference(kept, this.world.image(point, 'vda'), { a: 'raw', b: 'qcow2' })
    if (wrong !== null) throw new Error(`The point ${point.id} (${point.basis}, ${point.kindReason}): ${wrong}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
    await this.#qemu[Symbol.asyncDispose]()
    this.#dir[Symbol.dispose]()
  }
}

/** Thousands by hand. */
export const schedules = Number(process.env.FLOE_SCHEDULES ?? 100)

/** The oldest, the newest but one, any: whatever goes, the rest stays what it was. */
const picks = [0, 0.3, 0.6, 0.9]

/** Random schedules, with points deleted now and then. @throws when a point shows anything but its instant */
export async function survive(rig: ScheduleRig): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(schedule, async (rounds) => {
      await rig.run(rounds)
      run += 1
      if (run % 10 > 0) return
      await rig.verifyAll()
      await rig.thin(4, (points) => points[Math.floor((picks[run % picks.length] as number) * points.length)] as never)
      if ((await rig.verifyAll()) !== 4) throw new Error('Another number of points is left than was wished.')
    }),
    { numRuns: schedules, endOnFailure: true },
  )
}
