import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Point } from '../../../../shared/domain/point.ts'

const machineId = 'machine00001' as MachineId
const destinationId = 'destination1' as DestinationId

export function sampleJob(change: Partial<Job> = {}): Job {
  return {
    id: 'job000000001' as JobId,
    kind: 'backup',
    state: { kind: 'copying' },
    machineId,
    machineName: 'debian-dev',
    destinationId,
    destinationName: 'Samsung T7',
    pointId: null,
    restoreId: null,
    phases: [],
    progress: {
      doneBytes: 4_030_000_000,
      totalBytes: 9_600_000_000,
      fraction: 0.42,
      bytesPerSecond: 186_000_000,
      secondsLeft: 30,
    },
    checked: null,
    disks: [],
    createdAt: '2026-11-22T14:02:00Z',
    startedAt: '2026-11-22T14:02:00Z',
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
  }
}

export function sampleMachine(change: Partial<Machine> = {}): Machine {
  return {
    id: machineId,
    name: 'debian-dev',
    state: { kind: 'running' },
    origin: 'found',
    endpoint: { kind: 'unix', path: '/tmp/debian.sock' },
    agentPath: null,
    agent: { kind: 'unknown' },
    mayBeFrozenSince: null,
    pid: 4121,
    launcher: null,
    startCommand: 'qemu-system-x86_64 -qmp unix:/tmp/debian.sock',
    startedBy: '~/vms/run-debian.sh',
    qemuVersion: '7.2.22',
    accelerator: 'hvf',
    uuid: null,
    runningSince: '2026-11-19T10:00:00Z',
    disks: [],
    lastGoodPoint: { id: 'point0000001' as PointId, createdAt: '2026-11-22T09:00:00Z' },
    lastSeenAt: null,
    features: {},
    ...change,
  }
}

export function samplePoint(change: Partial<Point> = {}): Point {
  return {
    id: 'point0000001' as PointId,
    machineId,
    machineName: 'debian-dev',
    destinationId,
    createdAt: '2026-11-21T21:00:07Z',
    kind: 'full',
    kindReason: '',
    basis: 'all',
    storage: 'chain',
    needs: [],
    adds: 1_200_000_000,
    consistency: 'crash-consistent',
    consistencyReason: 'The guest was not frozen.',
    freeze: null,
    pausedMs: null,
    way: 'push',
    parentId: null,
    path: '/Volumes/T7/Floe/point',
    disks: [
      {
        id: 'vda' as DiskId,
        file: 'vda.qcow2',
        format: 'qcow2',
        virtualSize: 96_600_000_000,
        bytesCopied: 1_200_000_000,
        fileSize: 1_200_000_000,
        contentRoot: null,
        sourcePath: '/vms/debian-root.qcow2',
        sourceFormat: 'qcow2',
        firmware: false,
        basis: 'all',
        basisReason: '',
        parentId: null,
        bitmap: null,
        witness: null,
      },
    ],
    bytes: 1_200_000_000,
    index: { kind: 'complete' },
    verification: null,
    pinned: false,
    qemuVersion: '7.2.22',
    available: true,
    unreadable: null,
    ...change,
  }
}
