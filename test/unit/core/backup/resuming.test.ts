import { expect, it } from 'vitest'
import { type BackupHeader, Journal, readJournals } from '../../../../electron/core/backup/journal.ts'
import type { QemuLink } from '../../../../electron/core/backup/link.ts'
import { resumeBackup } from '../../../../electron/core/backup/reconcile.ts'
import type { RunView } from '../../../../electron/core/backup/run-context.ts'
import { transition } from '../../../../electron/core/backup/transition.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'
import { endMarkOf } from '../../../../electron/core/tracking/naming.ts'
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../../shared/domain/ids.ts'
import { freshId, quietLogger } from '../../../support/core.ts'
import { tempDir } from '../../../support/temp.ts'

const parentId = freshId<PointId>()
const header: BackupHeader = {
  version: 3,
  jobId: freshId<JobId>(),
  pointId: freshId<PointId>(),
  machineId: freshId<MachineId>(),
  machineName: 'debian',
  guest: { machineId: 'm', machineName: 'm', agent: null, qmp: null },
  destination: { id: freshId<DestinationId>(), name: 'Drive', path: '/drive', freeBytes: 1 },
  plan: {
    kind: 'incremental',
    basis: 'bitmap',
    kindReason: 'Only what changed.',
    way: 'push',
    wayReason: 'Only one.',
    bytesToCopy: 10,
    bounds: null,
    scratch: null,
    freeze: { kind: 'no-freeze', cause: 'not-wanted', reason: 'Not wanted.' },
    guestSafe: false,
    givesWay: false,
    disks: [
      {
        ...{ id: 'a' as DiskId, name: 'a.qcow2', sourceNode: 'n', jobName: 'j', targetNode: 't', filterNode: 'f' },
        ...{ virtualSize: 10, bytesToCopy: 10, sourcePath: null, sourceFormat: null, firmware: false },
        ...{ basis: 'bitmap', basisReason: '', parentId, bitmap: 'new', oldBitmap: 'old' },
        ...{ newBitmap: { name: 'new', persistent: true }, witness: null, snapshot: null },
      },
    ],
  },
  check: true,
  prove: false,
  reading: { socketFolder: '/run/j', socketPath: '/run/j/nbd.sock' },
  limit: null,
  qemuVersion: '7.2.22',
  startCommand: null,
  pid: 1,
  createdAt: '2026-01-02T03:04:05.000Z',
}

/** A QEMU whose copy runs, and whose end mark has so many bytes. */
function linkTo(endBytes: number): QemuLink {
  const bitmap = { granularity: 65536, count: 65536, recording: true, busy: false, persistent: true }
  const bitmaps = [
    { ...bitmap, name: 'old' },
    { ...bitmap, name: endMarkOf('old'), recording: false, count: endBytes },
  ]
  const answers: Record<string, unknown> = {
    'query-jobs': [{ id: 'j', status: 'running' }],
    'query-named-block-nodes': [
      { 'node-name': 't', drv: 'qcow2' },
      { 'node-name': 'n', drv: 'qcow2', 'dirty-bitmaps': bitmaps },
    ],
  }
  const session = { execute: async (command: string) => answers[command] } as unknown as QmpSession
  return { use: (work) => work(session), detach: async () => {} } as QemuLink
}

it.each([
  { end: 65536, disk: 'kept its end', state: 'copying', code: 'backup/interrupted' },
  { end: 0, disk: 'was cut', state: 'stopping', code: 'backup/parent-lost' },
])('a copy of a disk that $disk while nobody saw it begin goes on as $state', async ({ end, state, code }) => {
  using dir = tempDir()
  const journal = await Journal.create(dir.path, header)
  await journal.append({ event: 'begin' })
  await journal.append({ event: 'prepared', at: '2026-01-02T03:04:06.000Z', rescueGuest: true })
  await journal.close()
  const [unfinished] = (await readJournals(dir.path)).unfinished
  if (!unfinished) throw new Error('The journal was not found')
  expect(unfinished.state.state).toBe('starting')
  const repository = { points: () => [], findPartial: async () => ({ folder: dir.path, pointId: header.pointId }) }
  const deps = { repository, journalDir: dir.path, ports: { logger: quietLogger } } as unknown as Parameters<
    typeof resumeBackup
  >[0]
  const view = { onState: () => {} } as unknown as RunView
  const { run, first } = await resumeBackup(deps, unfinished, linkTo(end), view)
  expect(first).toMatchObject({ event: 'resumed', problem: { code } })
  const options = { diskCount: 1, check: true, compares: false, proves: false }
  const unseen = { consistency: 'crash-consistent', freeze: null, reason: '', cause: 'unseen', pausedMs: null } as const
  expect(transition(unfinished.state, first, { ...options, unseen }).state.state).toBe(state)
  await run.detach()
})
