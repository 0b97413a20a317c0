// Scenes of incrementals: chains, clones, comparing, proving, the options' kind, deletion, retention, damage.
import type { OpenSheet } from '../../../renderer/src/state/ui.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Damage, Point } from '../../../shared/domain/point.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { createFakeBridge, type FakeBridge } from '../support/fake-bridge.ts'
import {
  ago,
  demo,
  destination,
  destinationId,
  diskId,
  job,
  machine,
  machineId,
  point,
  pointId,
  settings,
} from '../support/sample.ts'
import type { Scene } from './scenes.ts'

const id = machineId('debian-dev')
const gb = 1e9
const ready = { kind: 'ready', answeredAt: ago(0.03), version: '7.2.22', canFreeze: true } as const
const freeze = { heldMs: 92, confirmedAfterMs: 41, fileSystems: [{ mountpoint: '/', type: 'ext4' }] }
const frozen = { consistency: 'frozen', consistencyReason: null, freeze, way: 'fleecing' } as const
const content = { level: 'content', ok: true, at: ago(1), damage: [], foundIn: null } as const
const tracked = 'Changes have been tracked since the restore point before it.'
const lost = 'Change tracking was cut off when QEMU was killed on Saturday at 18:40.'

function over(name: string, hours: number, needs: readonly string[], adds: number, more: Partial<Point> = {}): Point {
  const base = point(name, 'debian-dev', hours)
  return {
    ...base,
    ...frozen,
    kind: 'incremental',
    basis: 'bitmap',
    kindReason: tracked,
    needs: needs.map(pointId),
    adds,
    bytes: adds * 1.05,
    disks: base.disks.map((disk) => ({ ...disk, bytesCopied: adds, basis: 'bitmap', basisReason: tracked })),
    ...more,
  }
}
const names = ['n5', 'n4', 'n3', 'n2', 'n1']
const needsOf = (name: string) => names.slice(names.indexOf(name) + 1)
const earlier = Array.from({ length: 9 }, (_, index) =>
  over(`o${index}x`, 220 + index * 24, ['o9x'], 0.8 * gb, { verification: { ...content, damage: [] } }),
)
const chain: readonly Point[] = [
  over('n5', 5, needsOf('n5'), 1.9 * gb),
  over('n4', 17, needsOf('n4'), 1.2 * gb, { verification: { ...content, level: 'live', damage: [] } }),
  over('n3', 25, needsOf('n3'), 0.64 * gb, {
    consistency: 'crash-consistent',
    consistencyReason: 'The guest agent didn’t answer.',
    freeze: null,
    basis: 'comparison',
    kindReason: lost,
    verification: { ...content, damage: [] },
  }),
  over('n2', 29, needsOf('n2'), 0.9 * gb),
  point('n1', 'debian-dev', 41, {
    ...frozen,
    pinned: true,
    kindReason: 'The restore point before it was damaged.',
    verification: { ...content, damage: [] },
  }),
  ...earlier,
  point('o9x', 'debian-dev', 500, { ...frozen, verification: { ...content, damage: [] } }),
]
const bad = { ...content, ok: false } as const
const damage: Damage = {
  diskId: diskId('debian-root'),
  file: 'debian-root.qcow2',
  kind: 'content',
  offset: 1_073_741_824,
  length: 1_048_576,
  text: 'The checksum of debian-root.qcow2 doesn’t match from byte 1,073,741,824 on.',
}
/** Found in one, and marked in those after it that show the same bytes. */
const damaged = chain.map((one) => {
  if (one.id === pointId('n2')) return { ...one, verification: { ...bad, damage: [damage] } }
  const shows = one.needs.includes(pointId('n2'))
  return shows ? { ...one, verification: { ...bad, damage: [damage], foundIn: pointId('n2') } } : one
})
const clones = chain.map((one) => ({ ...one, storage: 'clone' as const, needs: [] }))

const part = (name: string, bytes: number, more: Partial<BackupPreview['disks'][number]> = {}) => ({
  diskId: diskId(name),
  included: true,
  basis: 'bitmap' as const,
  basisReason: 'Changes have been tracked since Today 09:00.',
  bytesToCopy: bytes,
  endBytes: 0,
  reason: null,
  ...more,
})
const incremental: BackupPreview = {
  machineId: id,
  destinationId: destination('Samsung T7').id,
  kind: 'incremental',
  kindReason: 'Changes have been tracked since Today 09:00.',
  basis: 'bitmap',
  way: 'fleecing',
  wayReason: 'The guest’s old data is set aside in a scratch image, so a slow destination can’t hold it up.',
  freeze: { wanted: true, reason: null },
  scratch: { folder: '/home/ann/.floe/scratch', expectedBytes: 256e6, limitBytes: 1e9, freeBytes: 40e9 },
  obstacle: null,
  disks: [
    part('debian-root', 8.7 * gb),
    part('data', 8 * gb, { basis: 'all', basisReason: 'data changed size from 8 GB to 16 GB.' }),
  ],
  bytesToCopy: 9.6 * gb,
  endBytes: 0,
  freeBytes: 412e9,
  enoughSpace: true,
}
const full: BackupPreview = {
  ...incremental,
  kind: 'full',
  basis: 'all',
  kindReason: 'Change tracking was cut off when QEMU was killed, and the last restore point is damaged.',
  bytesToCopy: 46.4 * gb,
}

interface Given {
  readonly points?: readonly Point[]
  readonly jobs?: readonly Job[]
  readonly preview?: BackupPreview
  readonly storage?: 'clone' | 'chain'
}

function bridge(given: Given): FakeBridge {
  const points = given.points ?? chain
  const fake = createFakeBridge({
    items: {
      machines: [machine('debian-dev', { agent: ready }), machine('ubuntu-ci', { agent: ready })],
      destinations: [destination('Samsung T7', { storage: given.storage ?? 'chain' })],
      points,
      jobs: given.jobs ?? [],
      demo: [demo()],
      settings: [settings({ defaultDestinationId: destinationId('Samsung T7') })],
    },
  })
  fake.answer('backup.preview', () => ({ ok: true, value: given.preview ?? incremental }))
  fake.answer('points.deletePreview', ({ pointIds }) => ({
    ok: true,
    value: {
      points: pointIds
        .map((one) => one as Point['id'])
        .map((one) => ({
          pointId: one,
          guards: one === pointId('n1') ? ['pinned', 'last-verified'] : [],
          dependents: one === pointId('n3') ? [pointId('n4'), pointId('n5')] : [],
        })),
      freedBytes: 6.1 * gb,
      movedBytes: 0.6 * gb,
    },
  }))
  fake.answer('points.prunePreview', () => ({
    ok: true,
    value: {
      keep: points.slice(0, 9).map((one, index) => ({ pointId: one.id, rules: index < 6 ? ['last'] : ['daily'] })),
      remove: points
        .slice(9)
        .map((one) => ({ pointId: one.id, reason: 'Newer points of its week are kept.', dependents: [] })),
      freedBytes: 12.4 * gb,
      movedBytes: 0,
    },
  }))
  return fake
}

const onMachine = (given: Given, select?: string): Scene => ({
  bridge: () => bridge(given),
  ready: given.points?.length === 0 ? 'empty-points' : 'points',
  prepare: (state) => {
    state.ui.show({ kind: 'machine', machineId: id })
    if (select !== undefined) state.ui.selectPoints([pointId(select)])
  },
})
const sheet = (given: Given, open: OpenSheet, readyId: string): Scene => ({
  bridge: () => bridge(given),
  ready: readyId,
  prepare: (state) => {
    state.ui.show({ kind: 'machine', machineId: id })
    state.ui.openSheet(open)
  },
})
const phases = (now: 'compared' | 'copying' | 'proven'): Job['phases'] => {
  const all = ['prepared', 'frozen', 'compared', 'copying', 'proven', 'checking', 'recorded'] as const
  return all.map((name) => ({
    name,
    state: name === now ? 'current' : all.indexOf(name) < all.indexOf(now) ? 'done' : 'todo',
    label: name === 'frozen' ? 'Frozen 84 ms' : null,
  }))
}
const none = { doneBytes: 0, totalBytes: 0, fraction: 0, bytesPerSecond: null, secondsLeft: null }
const checked = { doneBytes: 2.1 * gb, totalBytes: 9.6 * gb }

export const chainScenes: Readonly<Record<string, Scene>> = {
  chains: onMachine({}, 'n4'),
  'chains-copying': onMachine({
    jobs: [job('j1', 'debian-dev', { plan: { kind: 'incremental', basis: 'bitmap', reason: tracked, endBytes: 0 } })],
  }),
  'chains-comparing': onMachine({
    jobs: [
      job('j1', 'debian-dev', {
        plan: { kind: 'incremental', basis: 'comparison', reason: lost, endBytes: 0 },
        state: { kind: 'comparing' },
        phases: phases('compared'),
        progress: none,
        checked,
      }),
    ],
  }),
  'chains-proving': onMachine({
    jobs: [
      job('j1', 'debian-dev', {
        plan: { kind: 'full', basis: 'all', reason: 'The restore point before it is damaged.', endBytes: 0 },
        state: { kind: 'proving' },
        phases: phases('proven'),
        checked,
      }),
    ],
  }),
  'chains-damaged': onMachine({ points: damaged, preview: full }, 'n2'),
  'chains-broken': onMachine({ points: damaged }, 'n4'),
  clones: onMachine({ points: clones, storage: 'clone' }, 'n4'),
  'options-kind': sheet({}, { kind: 'back-up-options', machineId: id }, 'option-way'),
  'options-forced-full': sheet({ preview: full }, { kind: 'back-up-options', machineId: id }, 'option-way'),
  'delete-chain': sheet(
    {},
    { kind: 'delete-points', pointIds: [pointId('n3'), pointId('n1')] },
    `guard-${pointId('n1')}`,
  ),
  retention: sheet({}, { kind: 'retention', machineId: id, destinationId: null }, `dot-${pointId('n5')}`),
  'destination-clones': {
    bridge: () => bridge({ storage: 'clone', points: clones }),
    ready: 'destination-storage',
    prepare: (state) => state.ui.show({ kind: 'destination', destinationId: destinationId('Samsung T7') }),
  },
  'settings-verify': {
    bridge: () => bridge({}),
    ready: 'settings-verify',
    prepare: (state) => state.ui.openSheet({ kind: 'settings' }),
  },
}
