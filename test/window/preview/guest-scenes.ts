// Scenes of freezing, fleecing, waiting and the alarm: the states of a job card, a machine's readiness, consistency.
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { createFakeBridge, type FakeBridge } from '../support/fake-bridge.ts'
import {
  activity,
  ago,
  demo,
  destination,
  destinationId,
  fullProblem,
  job,
  machine,
  machineId,
  point,
  pointId,
  settings,
} from '../support/sample.ts'
import type { Scene } from './scenes.ts'

const ready = { kind: 'ready', answeredAt: ago(0.03), version: '7.2.22', canFreeze: true } as const
export const freeze = {
  heldMs: 84,
  confirmedAfterMs: 41,
  fileSystems: [
    { mountpoint: '/', type: 'ext4' },
    { mountpoint: '/home', type: 'ext4' },
  ],
}
const frozenInstant = { consistency: 'frozen', freeze, reason: null, cause: null, pausedMs: 6 } as const
const crashInstant = {
  consistency: 'crash-consistent',
  freeze: null,
  reason: 'The guest agent didn’t answer.',
  cause: 'no-answer',
  pausedMs: 6,
} as const
const phases = (label: string, state: 'done' | 'skipped'): Job['phases'] => [
  { name: 'prepared', state: 'done', label: null },
  { name: 'frozen', state, label },
  { name: 'copying', state: 'current', label: null },
  { name: 'checking', state: 'todo', label: null },
  { name: 'recorded', state: 'todo', label: null },
]
const problem = (code: Problem['code'], params: Problem['params'], message = 'It is in the way.'): Problem => ({
  ...fullProblem,
  code,
  params,
  message,
  remedy: null,
  causes: [],
})
const gb = 1e9
const fleecing: Partial<Job> = {
  phases: phases('Frozen 84 ms', 'done'),
  instant: frozenInstant,
  impact: { writeMs: 2.7, idleMs: 1.9, slowed: false },
  scratch: { usedBytes: 12e6, limitBytes: 2e9 },
  way: {
    way: 'fleecing',
    reason:
      'The guest’s old data goes to a local scratch image first, so a slow destination cannot hold up its writes.',
  },
}
const result = (id: string): Job['result'] => ({
  pointId: pointId(id),
  restoreId: null,
  images: [],
  ok: true,
  bytes: 9.6 * gb,
})
const finished = { phases: [], disks: [], startedAt: ago(0.0145), finishedAt: ago(0) }

const points: readonly Point[] = [
  point('f1', 'debian-dev', 5, {
    consistency: 'frozen',
    consistencyReason: null,
    freeze,
    pausedMs: 6,
    way: 'fleecing',
  }),
  point('f2', 'debian-dev', 17, {
    consistencyReason: 'The guest agent didn’t answer.',
    verification: { level: 'content', ok: true, at: ago(16), damage: [], foundIn: null },
  }),
  point('f3', 'debian-dev', 29, { consistency: 'offline', consistencyReason: null, way: 'offline' }),
  point('f4', 'debian-dev', 53, {
    consistency: 'frozen',
    consistencyReason: null,
    freeze: { ...freeze, heldMs: 1400 },
    way: 'fleecing',
  }),
]

export interface GuestScene {
  readonly machine?: Partial<Machine>
  readonly jobs?: readonly Job[]
  readonly away?: boolean
}

function bridge(scene: GuestScene): FakeBridge {
  const fake = createFakeBridge({
    items: {
      machines: [machine('debian-dev', { agent: ready, ...scene.machine }), machine('ubuntu-ci', { agent: ready })],
      destinations: [destination('Samsung T7', scene.away ? { state: { kind: 'absent', lastSeenAt: ago(20) } } : {})],
      points,
      jobs: scene.jobs ?? [],
      activity: [activity('a1', { at: ago(30), level: 'problem', text: 'Backup failed', problem: fullProblem })],
      demo: [demo()],
      settings: [settings({ defaultDestinationId: destinationId('Samsung T7') })],
    },
  })
  fake.answer('machines.thaw', () => ({ ok: true, value: {} }))
  return fake
}

const onMachine = (scene: GuestScene, select?: string): Scene => ({
  bridge: () => bridge(scene),
  prepare: (state) => {
    state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') })
    if (select !== undefined) state.ui.selectPoints([pointId(select)])
  },
})
const card = (change: Partial<Job>, rest: GuestScene = {}): Scene =>
  onMachine({ ...rest, jobs: [job('g1', 'debian-dev', change)] }, 'f1')
const waiting = (reason: 'destination' | 'disk-job' | 'monitor' | 'machine', what: Problem): Partial<Job> => ({
  state: { kind: 'waiting', for: reason, problem: what },
  startedAt: null,
  progress: null,
  phases: [],
  disks: [],
})

export const guestScenes: Readonly<Record<string, Scene>> = {
  'card-fleecing': card(fleecing),
  'card-slowed': card({
    ...fleecing,
    phases: phases('Not frozen', 'skipped'),
    instant: crashInstant,
    impact: { writeMs: 38, idleMs: 1.9, slowed: true },
  }),
  'card-freezing': card({
    state: { kind: 'freezing' },
    progress: null,
    disks: [],
    canCancel: false,
    phases: [
      { name: 'prepared', state: 'done', label: null },
      { name: 'frozen', state: 'current', label: null },
      { name: 'copying', state: 'todo', label: null },
      { name: 'checking', state: 'todo', label: null },
      { name: 'recorded', state: 'todo', label: null },
    ],
  }),
  'card-waiting-drive': card(waiting('destination', problem('destination/missing', { lastSeen: ago(20) })), {
    away: true,
  }),
  'card-waiting-job': card(
    waiting(
      'disk-job',
      problem('backup/job-clash', { disk: 'debian-root', text: 'Node is busy: block job "mirror0"' }),
    ),
  ),
  'card-waiting-monitor': card(waiting('monitor', problem('machine/busy', { program: 'virsh', pid: 812 }))),
  'card-paused': card({
    ...fleecing,
    state: { kind: 'paused', reason: 'user', neededBytes: null, freeBytes: null },
  }),
  'card-full': card({
    ...fleecing,
    state: { kind: 'paused', reason: 'no-space', neededBytes: 6.1 * gb, freeBytes: 12e6 },
  }),
  'card-asleep': card({
    ...fleecing,
    state: { kind: 'paused', reason: 'asleep', neededBytes: null, freeBytes: null },
  }),
  'card-stalled': card({ ...fleecing, stalledSince: ago(0.04) }),
  'card-done': card({ ...finished, state: { kind: 'done' }, instant: frozenInstant, result: result('f1') }),
  'card-not-frozen': card({ ...finished, state: { kind: 'done' }, instant: crashInstant, result: result('f2') }),
  'card-clash': card({
    ...finished,
    state: {
      kind: 'failed',
      problem: problem('backup/job-clash', { disk: 'debian-root', text: 'Node is busy: block job "mirror0"' }),
    },
  }),
  'card-required': card({
    ...finished,
    state: {
      kind: 'failed',
      problem: problem('backup/freeze-required', {}, 'The guest agent did not answer for 10 seconds.'),
    },
  }),
  'card-export': card({
    kind: 'export',
    state: { kind: 'holding' },
    destinationId: null,
    destinationName: null,
    progress: null,
    phases: [],
    disks: [],
    canPause: false,
    instant: frozenInstant,
    scratch: { usedBytes: 310e6, limitBytes: 20e9 },
    way: fleecing.way ?? null,
    export: {
      socketPath: '/home/ann/.floe/run/export-k3j9.sock',
      at: ago(0.2),
      disks: ['debian-root', 'data'].map((name) => ({
        diskId: name as Job['disks'][number]['diskId'],
        exportName: name,
        uri: `nbd+unix:///${name}?socket=/home/ann/.floe/run/export-k3j9.sock`,
        size: 64 * gb,
        sinceBitmap: null,
      })),
    },
  }),
  'agent-missing': onMachine({ machine: { agent: { kind: 'none', options: '-device virtio-serial' } } }, 'f2'),
  'agent-silent': onMachine({ machine: { agent: { kind: 'silent', since: ago(1) } } }, 'f4'),
  'machine-off': onMachine({ machine: { state: { kind: 'off', since: ago(3) }, pid: null, runningSince: null } }, 'f3'),
  'several-points': {
    ...onMachine({}),
    prepare: (state) => {
      state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') })
      state.ui.selectPoints([pointId('f1'), pointId('f2'), pointId('f4')])
    },
  },
  'overview-guests': { bridge: () => bridge({ jobs: [job('g1', 'debian-dev', fleecing)] }) },
  'frozen-alert': {
    ...onMachine({ machine: { mayBeFrozenSince: ago(12 / 3600) } }),
    ready: 'sheet-may-be-frozen',
  },
  'frozen-banner': {
    ...onMachine({ machine: { mayBeFrozenSince: ago(12 / 3600) } }, 'f1'),
    ready: 'sheet-may-be-frozen',
    keys: ['Escape'],
  },
}
