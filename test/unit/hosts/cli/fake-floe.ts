import type { FloeClient } from '../../../../electron/core/gate/client.ts'
import { type CliDependencies, runCli } from '../../../../electron/hosts/cli/run-cli.ts'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Job, JobState } from '../../../../shared/domain/job.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Restore } from '../../../../shared/domain/restore.ts'
import { defaultSettings, type Settings } from '../../../../shared/domain/settings.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { type CallName, parseInput, type TopicMessage } from '../../../../shared/ipc/contract.ts'
import { failed, ok, type Result } from '../../../../shared/ipc/result.ts'

/** May be a promise; the signal is that of the call. */
type Answer = (input: Record<string, unknown>, signal?: AbortSignal) => unknown

/** A Floe of the test's own behind the contract: answers from maps, jobs as the test moves them. */
export class FakeFloe {
  machines: Machine[] = []
  destinations: Destination[] = []
  points: Point[] = []
  restores: Restore[] = []
  jobs: Job[] = []
  settings: Settings = defaultSettings
  readonly calls: { name: string; input: unknown }[] = []
  readonly answers: Partial<Record<CallName, Answer>> = {}
  #listeners = new Set<(message: TopicMessage<'jobs'>) => void>()
  #seq = 0

  readonly client: FloeClient = {
    invoke: ((name: CallName, input: Record<string, unknown>, signal?: AbortSignal) =>
      this.#answer(name, input, signal)) as FloeClient['invoke'],
    invokeUnchecked: (name, input) => this.#answer(name as CallName, input as Record<string, unknown>),
    subscribe: (topic, listener) => {
      if (topic !== 'jobs') throw new Error(`Nobody should need the topic ${topic}`)
      const ours = listener as unknown as (message: TopicMessage<'jobs'>) => void
      this.#listeners.add(ours)
      ours({ kind: 'snapshot', topic: 'jobs', seq: this.#seq, items: this.jobs })
      return () => this.#listeners.delete(ours)
    },
  }

  async #answer(name: CallName, input: Record<string, unknown>, signal?: AbortSignal): Promise<Result<unknown>> {
    this.calls.push({ name, input })
    const understood = parseInput(name, input)
    if (!understood.success) return failed(new Refusal({ code: 'ipc/invalid-input', message: `${name}` }).problem)
    try {
      const answer = this.answers[name]
      if (answer !== undefined) return ok(await answer(input, signal))
      if (name === 'machines.refresh') return ok({ processesChecked: 0, foldersChecked: [], found: 0 })
      if (name === 'machines.list') return ok(this.machines)
      if (name === 'destinations.list') return ok(this.destinations)
      if (name === 'points.list') return ok(this.points)
      if (name === 'points.get') return ok(this.points.find((point) => point.id === input.pointId))
      if (name === 'restores.list') return ok(this.restores)
      if (name === 'jobs.list') return ok(this.jobs)
      if (name === 'settings.get') return ok(this.settings)
      if (name === 'points.deletePreview') return ok(this.#unguarded(input.pointIds as string[]))
      throw new Error(`The test has no answer to ${name}`)
    } catch (error) {
      if (error instanceof Refusal) return failed(error.problem)
      throw error
    }
  }

  #unguarded(ids: readonly string[]) {
    const chosen = this.points.filter((point) => ids.includes(point.id))
    const points = chosen.map((point) => ({ pointId: point.id, guards: [], dependents: [] }))
    return { points, freedBytes: chosen.reduce((sum, point) => sum + point.bytes, 0), movedBytes: 0 }
  }

  called(name: CallName): unknown[] {
    return this.calls.filter((call) => call.name === name).map((call) => call.input)
  }

  move(id: string, change: Partial<Job>): void {
    this.jobs = this.jobs.map((job) => (job.id === id ? { ...job, ...change } : job))
    this.#seq += 1
    const upserts = this.jobs.filter((job) => job.id === id)
    for (const listener of [...this.#listeners]) {
      listener({ kind: 'delta', topic: 'jobs', seq: this.#seq, upserts, removals: [] })
    }
  }
}

export class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Pick<Problem, 'code' | 'message'> & Partial<Problem>) {
    super(problem.message)
    this.problem = { params: {}, severity: 'error', remedy: null, causes: [], ...problem }
  }
}

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  json(): Record<string, unknown>[]
}

export function cli(floe: FakeFloe, args: readonly string[], change: Partial<CliDependencies> = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (words: string) => {
      text[name] += words
    },
  })
  return runCli(args, {
    version: '1.2.3',
    openClient: async () => ({ client: floe.client, close: async () => {} }),
    serve: () => Promise.reject(new Error('The test does not serve')),
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    writeBytes: async (bytes) => {
      text.stdout += Buffer.from(bytes).toString('latin1')
    },
    ask: () => Promise.reject(new Error('Nobody should be asked')),
    terminal: { input: false, output: false, columns: 200 },
    env: {},
    cwd: '/work dir',
    now: () => new Date('2026-11-22T12:00:00Z'),
    signal: new AbortController().signal,
    ...change,
  }).then((status) => ({
    status,
    ...text,
    json: () =>
      text.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }))
}

export function job(state: JobState, change: Partial<Job> = {}): Job {
  return {
    id: 'jobaaaaaaaaa',
    kind: 'backup',
    state,
    machineId: 'debianaaaaaa',
    machineName: 'debian',
    destinationId: 't7aaaaaaaaaa',
    destinationName: 'T7',
    pointId: null,
    restoreId: null,
    phases: [],
    progress: null,
    checked: null,
    disks: [],
    createdAt: '2026-11-22T11:59:00Z',
    startedAt: '2026-11-22T11:59:00Z',
    finishedAt: null,
    limit: null,
    canPause: true,
    canCancel: true,
    reattached: false,
    note: null,
    impact: null,
    scratch: null,
    instant: null,
    plan: null,
    way: null,
    stalledSince: null,
    export: null,
    result: null,
    ...change,
  } as Job
}

export function machine(id: string, name: string): Machine {
  return {
    id,
    name,
    state: { kind: 'running' },
    origin: 'added',
    endpoint: { kind: 'unix', path: '/run/qmp' },
    agentPath: null,
    pid: 7,
    launcher: null,
    startCommand: null,
    startedBy: null,
    qemuVersion: '7.2.22',
    accelerator: 'tcg',
    uuid: null,
    runningSince: null,
    disks: [],
    lastGoodPoint: null,
    lastSeenAt: null,
    features: {},
  } as unknown as Machine
}

export function point(id: string, change: Partial<Point> = {}): Point {
  return {
    id,
    machineId: 'debianaaaaaa',
    machineName: 'debian',
    destinationId: 't7aaaaaaaaaa',
    createdAt: '2026-11-22T11:00:00.000Z',
    kind: 'full',
    kindReason: 'It is the first backup to T7.',
    basis: 'all',
    consistency: 'crash-consistent',
    consistencyReason: 'It has no guest agent.',
    freeze: null,
    pausedMs: null,
    way: 'fleecing',
    parentId: null,
    storage: 'clone',
    needs: [],
    path: `/t7/debian/${id}`,
    disks: [
      {
        id: 'vda',
        file: 'vda.qcow2',
        format: 'qcow2',
        virtualSize: 8_000_000_000,
        bytesCopied: 2_000_000_000,
        fileSize: 2_000_000_000,
        contentRoot: null,
        sourcePath: '/vm/root.qcow2',
        sourceFormat: 'qcow2',
        firmware: false,
        basis: 'all',
        basisReason: '',
        parentId: null,
        bitmap: null,
        witness: null,
      },
    ],
    adds: 2_000_000_000,
    bytes: 2_000_000_000,
    index: { kind: 'complete' },
    verification: null,
    pinned: false,
    qemuVersion: '7.2.22',
    available: true,
    unreadable: null,
    ...change,
  } as Point
}

export function destination(id: string, name: string, change: Partial<Destination> = {}): Destination {
  return {
    id,
    name,
    path: `/${name}`,
    state: { kind: 'connected' },
    fileSystem: 'xfs',
    freeBytes: 412_000_000_000,
    totalBytes: 1_000_000_000_000,
    backupBytes: 0,
    pointCount: 0,
    storage: 'clone',
    sets: [],
    ...change,
  } as Destination
}

/** A Floe whose next job of any kind goes through `steps`, one after the other. */
export function floeWith(steps: readonly Partial<Job>[], onCancel?: (floe: FakeFloe) => void): FakeFloe {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  floe.destinations = [destination('t7aaaaaaaaaa', 'T7')]
  floe.points = [point('pointaaaaaaa'), point('pointbbbbbbb', { createdAt: '2026-11-21T11:00:00.000Z' })]
  const start = () => {
    floe.jobs = [job({ kind: 'preparing', step: 'Reading disks' })]
    const next = (index: number) => {
      const step = steps[index]
      if (step === undefined) return
      floe.move('jobaaaaaaaaa', step)
      setImmediate(next, index + 1)
    }
    setImmediate(next, 0)
    return { jobId: 'jobaaaaaaaaa' }
  }
  for (const name of [
    'backup.start',
    'points.verify',
    'points.delete',
    'points.prune',
    'restore.toNewImage',
    'restore.swap',
  ] as const) {
    floe.answers[name] = start
  }
  floe.answers['jobs.cancel'] = () => {
    onCancel?.(floe)
    return {}
  }
  return floe
}

/** The last state of a job that went well. */
export const done = {
  state: { kind: 'done' },
  finishedAt: '2026-11-22T12:00:00Z',
  result: { pointId: 'pointaaaaaaa', restoreId: null, images: [], ok: true, bytes: 2_000_000_000 },
} as unknown as Partial<Job>
