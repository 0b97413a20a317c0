// A machine with one disk whose content the test knows byte by byte, and a real Floe that backs it up to a small volume of
// its own, round by round. Whatever becomes of a backup, what every restore point shows is held against what is known.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FloeError } from '../../electron/core/errors.ts'
import type { JobId } from '../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../shared/domain/job.ts'
import type { Machine } from '../../shared/domain/machine.ts'
import type { Point } from '../../shared/domain/point.ts'
import { type BackupWorld, backupWorld } from './backup-world.ts'
import { bitmapsOf } from './kept-disk.ts'
import { difference } from './qemu.ts'
import { until } from './run.ts'
import { KnownDisk, type Write } from './schedules-disk.ts'
import { type Moment, StepIn } from './schedules-moments.ts'
import { describeTrouble, endsOf, type Trouble } from './schedules-troubles.ts'
import { tempDir } from './temp.ts'
import type { Volume } from './volume.ts'

/** Bytes per second: what changed takes four seconds to copy. */
const slow = 256 << 10

/** One backup, and what becomes of QEMU before it. */
export interface Round {
  readonly before: 'nothing' | 'quit' | 'kill'
  readonly writes: readonly Write[]
  /** A stretch that certainly changes before the backup, in bytes; null for none. */
  readonly change: { readonly offset: number; readonly length: number } | null
  readonly wished: 'automatic' | 'full'
  readonly trouble: Trouble
  /** Which of the steps that Floe takes at the moment of the trouble. */
  readonly which: number
  /** What the guest does then. */
  readonly during: readonly Write[]
  /** What is left on a destination that is filled, in bytes: less than what changed. */
  readonly room: number
}

export class ScheduleRig implements AsyncDisposable {
  readonly world: BackupWorld
  readonly disk: KnownDisk
  readonly #volume: Volume
  readonly #stepIn: StepIn
  readonly #dir = tempDir('fr-')
  readonly #known = new Map<string, string>()
  #machine: Machine
  /** How often each basis was used, and how often each trouble ended how. */
  readonly bases = new Map<string, number>()
  readonly ends = new Map<string, number>()

  private constructor(world: BackupWorld, disk: KnownDisk, volume: Volume, stepIn: StepIn, machine: Machine) {
    this.world = world
    this.disk = disk
    this.#volume = volume
    this.#stepIn = stepIn
    this.#machine = machine
  }

  static async start(volume: Volume): Promise<ScheduleRig> {
    const destinationPath = join(volume.path, 'backups')
    mkdirSync(destinationPath)
    const stepIn = new StepIn()
    const world = await backupWorld({ destinationPath, connect: stepIn.connect })
    stepIn.watch(world.floe)
    const disk = await KnownDisk.start()
    return new ScheduleRig(world, disk, volume, stepIn, await world.machine(disk.qemu))
  }

  async run(round: Round): Promise<void> {
    const { before, writes, change, trouble, wished } = round
    if (before !== 'nothing') {
      await this.disk.qemu[before]()
      await this.#startAgain(before === 'quit' ? 'quit' : 'killed')
    }
    for (const one of writes) await this.disk.write(one, false)
    if (change !== null) await this.disk.change(change.offset, change.length)
    const { start, reached } = this.#beReady(round)
    const limit = trouble.moment === 'copying' && trouble.fate !== 'good' ? slow : null
    const id = await start(this.world.start(this.#machine, { kind: wished, check: true, limit }))
    await Promise.race([reached, this.world.floe.board.whenFinal(id)])
    const isMet = !this.#stepIn.giveUp()
    const kept = isMet ? await (await reached)() : this.disk.content()
    const job = await this.world.floe.board.whenFinal(id)
    this.#judge(trouble, isMet, job)
    if (job.state.kind === 'done') await this.#learn(job, kept)
    if (isMet && (trouble.fate === 'qemu-killed' || trouble.fate === 'qemu-quit')) {
      await this.#startAgain(trouble.fate === 'qemu-quit' ? 'quit' : 'killed')
    } else if (trouble.fate === 'good') await this.#expectOneBitmap(this.world.pointOf(job))
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

  /**
   * `reached` resolves in the midst of the moment with what is to be waited for then, which answers what the disk held at
   * the instant. `start` is told the backup as it starts.
   */
  #beReady({ trouble, which, during, room }: Round) {
    const { fate, moment } = trouble
    const starting = Promise.withResolvers<JobId>()
    const reached = Promise.withResolvers<() => Promise<Buffer>>()
    reached.promise.catch(() => {})
    let kept = this.disk.content()
    const isFull = fate === 'full-cancelled' || fate === 'full-resumed'
    const act = async () => {
      const id = await starting.promise
      if (isFull) this.#fill(room)
      else if (moment !== 'starting') await this.#guestDoes(during, moment)
      if (moment === 'preparing') kept = this.disk.content()
      const following = isFull ? this.#meetFull(fate, id, during) : this.#meet(fate, id)
      following.catch(() => {})
      reached.resolve(async () => {
        await following
        return kept
      })
      // Whatever this Floe was about to do, it does not do it any more.
      if (fate === 'floe-restarted') throw new Error('This Floe has ended.')
      if (!isFull) await following
    }
    this.#stepIn.at(moment, isFull ? 0 : which, () =>
      act().catch((error: unknown) => {
        reached.reject(error)
        throw error
      }),
    )
    const start = (backup: Promise<JobId>) => {
      backup.then(starting.resolve, starting.reject)
      return backup
    }
    return { start, reached: reached.promise }
  }

  async #guestDoes(writes: readonly Write[], moment: Moment): Promise<void> {
    for (const one of writes) await this.disk.write(one, moment !== 'preparing')
  }

  async #meet(fate: Exclude<Trouble['fate'], 'full-cancelled' | 'full-resumed'>, id: JobId): Promise<void> {
    const { board } = this.world.floe
    const { qemu } = this.disk
    switch (fate) {
      case 'good':
        return
      case 'cancelled':
        return board.cancel(id).catch((error: unknown) => {
          if (!(error instanceof FloeError) || error.code !== 'job/cannot-cancel') throw error
        })
      case 'job-cancelled': {
        const jobs = await qemu.monitor.command<{ id: string; status: string }[]>('query-jobs')
        // Of a copy that is over there is nothing left to cancel.
        const running = jobs.filter(({ status }) => status !== 'concluded')
        for (const job of running) await qemu.monitor.command('job-cancel', { id: job.id })
        return
      }
      case 'floe-restarted': {
        const floe = await this.world.restart()
        this.#stepIn.watch(floe)
        if (!isFinal(floe.board.get(id).state)) await floe.board.setLimit(id, null)
        return
      }
      case 'qemu-killed':
        return qemu.kill()
      case 'qemu-quit':
        return qemu.quit()
    }
  }

  /** QEMU finds the destination full in the midst of its copy. Then somebody gives up, or makes room. */
  async #meetFull(fate: 'full-cancelled' | 'full-resumed', id: JobId, during: readonly Write[]): Promise<void> {
    const { board } = this.world.floe
    await until(() => {
      const { state } = board.get(id)
      if (isFinal(state)) throw new Error(`The destination was full, and nothing came of it: ${JSON.stringify(state)}`)
      return state.kind === 'paused' && state.reason === 'no-space'
    }, 'QEMU to find the destination full')
    await this.#guestDoes(during, 'copying')
    if (fate === 'full-cancelled') {
      await board.cancel(id)
      await board.whenFinal(id)
    }
    rmSync(this.#filler)
  }

  get #filler(): string {
    return join(this.#volume.path, 'filler')
  }

  /** To the last byte, and then as much is given back. */
  #fill(room: number): void {
    const { bavail, bsize } = statfsSync(this.#volume.path)
    execFileSync('fallocate', ['-l', String(bavail * bsize - (8 << 20)), this.#filler])
    execFileSync('sh', ['-c', 'cat /dev/zero >> "$1" 2> /dev/null || true', 'fill', this.#filler])
    truncateSync(this.#filler, statSync(this.#filler).size - room)
  }

  async #startAgain(ended: 'quit' | 'killed'): Promise<void> {
    await this.disk.startAgain(ended)
    this.#machine = await this.world.machine(this.disk.qemu)
  }

  #judge(trouble: Trouble, isMet: boolean, { state }: Job): void {
    const told = describeTrouble(trouble, isMet ? state.kind : 'not met')
    this.ends.set(told, (this.ends.get(told) ?? 0) + 1)
    const possible: readonly string[] = isMet ? endsOf(trouble) : ['done']
    if (!possible.includes(state.kind)) throw new Error(`${told}: ${JSON.stringify(state)}`)
    const left = this.world.partials()
    if (left.length > 0) throw new Error(`${told}: an unfinished copy is left: ${left[0]}`)
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

  /** After a good backup nothing is left of what went wrong before. */
  async #expectOneBitmap(point: Point): Promise<void> {
    const names = (await bitmapsOf(this.disk.qemu, 'vda')).map(({ name }) => name)
    if (names.length === 1 && names[0] === point.disks[0]?.bitmap) return
    throw new Error(`The disk has the bitmaps ${names.join(', ')} instead of ${point.disks[0]?.bitmap}.`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
    await this.disk[Symbol.asyncDispose]()
    this.#dir[Symbol.dispose]()
  }
}
