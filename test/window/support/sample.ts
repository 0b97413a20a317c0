// Sample data in the shape of the design's mock: five machines, two destinations, a running backup.
import type { Activity } from '../../../shared/domain/activity.ts'
import type { Demo } from '../../../shared/domain/demo.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { defaultSettings, type Settings } from '../../../shared/domain/settings.ts'
import type { Problem } from '../../../shared/errors/problem.ts'

const gb = 1_000_000_000
const padded = (text: string): string =>
  text
    .replaceAll(/[^a-z0-9]/g, '')
    .padEnd(12, '0')
    .slice(0, 12)
export const machineId = (name: string): MachineId => padded(name) as MachineId
export const destinationId = (name: string): DestinationId => padded(name) as DestinationId
export const pointId = (name: string): PointId => padded(name) as PointId
export const jobId = (name: string): JobId => padded(name) as JobId
export const diskId = (name: string): DiskId => name as DiskId

export const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()

export function disk(id: string, more: Partial<Disk> = {}): Disk {
  return {
    id: diskId(id),
    node: `#block${id.length}`,
    qdev: `/machine/peripheral/${id}`,
    aliases: [],
    format: 'qcow2',
    virtualSize: 64 * gb,
    allocatedSize: 38.4 * gb,
    imagePath: `/home/ann/vms/${id}.qcow2`,
    backingChain: [],
    readOnly: false,
    removable: false,
    firmware: false,
    exclusion: null,
    tracking: { kind: 'persistent', now: 'on' },
    ...more,
  }
}

export function machine(name: string, more: Partial<Machine> = {}): Machine {
  return {
    id: machineId(name),
    name,
    state: { kind: 'running' },
    origin: 'found',
    endpoint: { kind: 'unix', path: `/home/ann/.qmp/${name}.sock` },
    agentPath: null,
    agent: { kind: 'unknown' },
    mayBeFrozenSince: null,
    pid: 4121,
    launcher: null,
    startCommand: `qemu-system-x86_64 -name ${name} -qmp unix:/home/ann/.qmp/${name}.sock,server=on,wait=off`,
    startedBy: '~/vms/run-debian.sh',
    qemuVersion: '7.2.22',
    accelerator: 'kvm',
    uuid: null,
    runningSince: ago(72),
    disks: [disk('debian-root'), disk('data', { allocatedSize: 8 * gb })],
    lastGoodPoint: { id: pointId(`${name}p1`), createdAt: ago(5) },
    lastSeenAt: ago(0),
    features: {},
    ...more,
  }
}

export function destination(name: string, more: Partial<Destination> = {}): Destination {
  return {
    id: destinationId(name),
    name,
    path: `/media/ann/${name}/Floe`,
    state: { kind: 'connected' },
    fileSystem: 'ext4',
    freeBytes: 412 * gb,
    totalBytes: 1000 * gb,
    backupBytes: 149.2 * gb,
    pointCount: 36,
    storage: 'chain',
    sets: [
      { machineId: machineId('debian-dev'), machineName: 'debian-dev', pointCount: 14, bytes: 88 * gb },
      { machineId: machineId('ubuntu-ci'), machineName: 'ubuntu-ci', pointCount: 22, bytes: 61.2 * gb },
    ],
    ...more,
  }
}

export function point(id: string, machineName: string, hours: number, more: Partial<Point> = {}): Point {
  return {
    id: pointId(id),
    machineId: machineId(machineName),
    machineName,
    destinationId: destinationId('Samsung T7'),
    createdAt: ago(hours),
    kind: 'full',
    kindReason: '',
    basis: 'all',
    storage: 'chain',
    needs: [],
    adds: 38.4e9,
    consistency: 'crash-consistent',
    consistencyReason: 'Freezing is not set up for this machine.',
    freeze: null,
    pausedMs: null,
    way: 'push',
    parentId: null,
    path: `/media/ann/Samsung T7/Floe/${machineName}/${id}`,
    disks: [
      {
        id: diskId('debian-root'),
        file: 'debian-root.qcow2',
        format: 'qcow2',
        virtualSize: 64 * gb,
        bytesCopied: 38.4 * gb,
        fileSize: 38.5 * gb,
        contentRoot: 'ab'.repeat(32),
        sourcePath: '/home/ann/vms/debian-root.qcow2',
        sourceFormat: 'qcow2',
        firmware: false,
        basis: 'all',
        basisReason: '',
        parentId: null,
        bitmap: null,
        witness: null,
      },
    ],
    bytes: 38.5 * gb,
    index: { kind: 'complete' },
    verification: null,
    pinned: false,
    qemuVersion: '7.2.22',
    available: true,
    unreadable: null,
    ...more,
  }
}

export function job(id: string, machineName: string, more: Partial<Job> = {}): Job {
  return {
    id: jobId(id),
    kind: 'backup',
    state: { kind: 'copying' },
    machineId: machineId(machineName),
    machineName,
    destinationId: destinationId('Samsung T7'),
    destinationName: 'Samsung T7',
    pointId: pointId(`${id}point`),
    restoreId: null,
    phases: [
      { name: 'prepared', state: 'done', label: null },
      { name: 'frozen', state: 'skipped', label: null },
      { name: 'copying', state: 'current', label: null },
      { name: 'checking', state: 'todo', label: null },
      { name: 'recorded', state: 'todo', label: null },
    ],
    progress: {
      doneBytes: 4.03 * gb,
      totalBytes: 9.6 * gb,
      fraction: 0.42,
      bytesPerSecond: 186_000_000,
      secondsLeft: 30,
    },
    checked: null,
    disks: [
      {
        diskId: diskId('debian-root'),
        name: 'debian-root.qcow2',
        doneBytes: 3.12 * gb,
        totalBytes: 8.69 * gb,
        done: false,
      },
      { diskId: diskId('data'), name: 'data.qcow2', doneBytes: 0.91 * gb, totalBytes: 0.91 * gb, done: true },
    ],
    createdAt: ago(0.01),
    startedAt: ago(0.01),
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
    ...more,
  }
}

export const fullProblem: Problem = {
  code: 'backup/destination-full',
  message: 'Samsung T7 is full: 5.57 GB more is needed and 12 MB is free.',
  params: { destination: 'Samsung T7', needed: 5.57 * gb, free: 12_000_000, path: '/media/ann/Samsung T7/Floe' },
  severity: 'error',
  remedy: 'Free some space on Samsung T7.',
  causes: ['Could not write to “/media/ann/Samsung T7/Floe/a.qcow2”: No space left on device'],
}

export function activity(id: string, more: Partial<Activity> = {}): Activity {
  return {
    id,
    at: ago(1),
    level: 'success',
    machineId: machineId('debian-dev'),
    subject: 'debian-dev',
    text: 'Full backup, 38.4 GB, 4 min 10 s',
    jobId: null,
    problem: null,
    timeline: [
      { at: ago(1.1), text: 'Prepared' },
      { at: ago(1.05), text: 'Copying 38.4 GB' },
      { at: ago(1), text: 'Recorded' },
    ],
    dismissed: false,
    ...more,
  }
}

export function demo(more: Partial<Demo> = {}): Demo {
  return { id: 'demo', state: { kind: 'none' }, machineId: null, counter: null, ...more }
}

export function settings(more: Partial<Settings> = {}): { id: 'settings'; settings: Settings } {
  return { id: 'settings', settings: { ...defaultSettings, ...more } }
}

/** The five machines of the mock, and one that is not QEMU. */
export const sampleMachines: readonly Machine[] = [
  machine('debian-dev'),
  machine('ubuntu-ci'),
  machine('k3s-node1', { lastGoodPoint: null }),
  machine('win11-arm', {
    state: { kind: 'busy', program: 'virsh', pid: 812 },
    lastGoodPoint: { id: pointId('winp1'), createdAt: ago(75) },
  }),
  machine('fedora-42', { state: { kind: 'off', since: ago(3) }, pid: null, runningSince: null }),
  machine('default', {
    state: { kind: 'not-qemu', engine: 'Apple Virtualization', launcher: 'Lima' },
    launcher: 'Lima',
    lastGoodPoint: null,
  }),
]

export const sampleItems = {
  machines: sampleMachines,
  destinations: [
    destination('Samsung T7'),
    destination('NAS Backups', {
      state: { kind: 'absent', lastSeenAt: ago(90) },
      fileSystem: 'nfs',
      freeBytes: null,
      totalBytes: null,
      sets: [],
      pointCount: 0,
      backupBytes: 0,
    }),
  ],
  points: [
    point('p1', 'debian-dev', 5),
    point('p2', 'debian-dev', 17, {
      verification: { level: 'content', ok: true, at: ago(16), damage: [], foundIn: null },
    }),
    point('p3', 'debian-dev', 29),
    point('p4', 'ubuntu-ci', 5, { bytes: 61.2 * gb }),
  ],
  jobs: [job('j1', 'debian-dev')],
  restores: [],
  activity: [
    activity('a1', {
      at: ago(0.1),
      level: 'problem',
      machineId: machineId('ubuntu-ci'),
      subject: 'ubuntu-ci',
      text: 'Backup failed: Samsung T7 is full',
      problem: fullProblem,
    }),
    activity('a2', { at: ago(5) }),
    activity('a3', {
      at: ago(6),
      level: 'info',
      machineId: null,
      subject: 'Floe',
      text: 'Found 5 machines',
      timeline: [],
    }),
    activity('a4', {
      at: ago(30),
      level: 'warning',
      subject: 'win11-arm',
      text: 'Another program uses its QMP socket',
      timeline: [],
    }),
  ],
  demo: [demo()],
  settings: [settings()],
} as const
