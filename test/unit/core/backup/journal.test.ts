import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { BackupEvent } from '../../../../electron/core/backup/events.ts'
import {
  type BackupHeader,
  firstNotes,
  foldJournal,
  Journal,
  journalPath,
  readJournals,
} from '../../../../electron/core/backup/journal.ts'
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../../shared/domain/ids.ts'
import { freshId } from '../../../support/core.ts'
import { tempDir } from '../../../support/temp.ts'

const jobId = freshId<JobId>()
const header: BackupHeader = {
  version: 3,
  jobId,
  pointId: freshId<PointId>(),
  machineId: freshId<MachineId>(),
  machineName: 'debian "näme"\n',
  guest: { machineId: 'm', machineName: 'm', agent: null, qmp: null },
  destination: { id: freshId<DestinationId>(), name: 'Drive', path: '/drive', freeBytes: 1 },
  plan: {
    kind: 'full',
    basis: 'all',
    kindReason: 'Always.',
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
        ...{
          virtualSize: 10,
          bytesToCopy: 10,
          sourcePath: null,
          sourceFormat: null,
          firmware: false,
          basis: 'all',
          basisReason: '',
          parentId: null,
          bitmap: null,
          oldBitmap: null,
          newBitmap: null,
          witness: null,
          snapshot: null,
        },
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
const at = '2026-01-02T03:04:06.000Z'
const instant = {
  at,
  consistency: 'crash-consistent',
  freeze: null,
  reason: 'Why.',
  cause: 'no-agent',
  pausedMs: null,
} as const
const events: readonly BackupEvent[] = [
  { event: 'begin' },
  { event: 'prepared', at, rescueGuest: true },
  { event: 'started', instant },
  { event: 'concluded', disk: 0, problem: null },
  { event: 'released' },
  { event: 'recorded' },
  { event: 'checked' },
]
const states = ['idle', 'preparing', 'starting', 'copying', 'releasing', 'recording', 'checking', 'ended']

test('a journal gives back where the backup stood, and is gone when it has ended', async () => {
  using dir = tempDir()
  const journal = await Journal.create(dir.file('journals'), header)
  for (const [index, event] of events.entries()) {
    const { unfinished } = await readJournals(dir.file('journals'))
    expect(unfinished).toEqual([
      { header, state: expect.objectContaining({ state: states[index] }), notes: firstNotes(header) },
    ])
    await journal.append(event)
  }
  await journal.remove()
  expect(await readJournals(dir.file('journals'))).toEqual({ unfinished: [], unreadable: [] })
})

test('a journal cut short at any byte folds to a state it had been in, and takes further events', async () => {
  const text = [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('')
  const headerEnd = text.indexOf('\n')
  fc.assert(
    fc.property(fc.nat({ max: text.length }), (length) => {
      const folded = foldJournal(text.slice(0, length))
      if (length < headerEnd) expect(folded).toBeNull()
      else expect(states).toContain(folded?.state.state)
    }),
  )
  using dir = tempDir()
  const journal = await Journal.create(dir.path, header)
  await journal.append({ event: 'begin' })
  await journal.close()
  appendFileSync(journalPath(dir.path, jobId), '{"event":"prep')
  const again = await Journal.reopen(dir.path, jobId)
  await again.append({ event: 'prepared', at, rescueGuest: false })
  await again.close()
  expect(foldJournal(readFileSync(journalPath(dir.path, jobId), 'utf8'))?.state).toMatchObject({ state: 'starting' })
})

test('a line that a full drive cut short costs only itself', async () => {
  using dir = tempDir()
  const journal = await Journal.create(dir.path, header)
  const path = journalPath(dir.path, jobId)
  const probe = await open(path)
  const handle = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const full = vi.spyOn(handle, 'appendFile').mockImplementationOnce(async () => {
    appendFileSync(path, '{"note":{"lim')
    throw new Error('ENOSPC')
  })
  await expect(journal.note({ limit: 5 })).rejects.toThrow('ENOSPC')
  full.mockRestore()
  await journal.append({ event: 'begin' })
  await journal.close()
  const folded = foldJournal(readFileSync(path, 'utf8'))
  expect(folded).toMatchObject({ state: { state: 'preparing' }, notes: { limit: null } })
})

test('a journal whose first line a crash cut short is of a backup that had not begun, and goes', async () => {
  using dir = tempDir()
  appendFileSync(dir.file('a.jsonl'), '')
  appendFileSync(dir.file('b.jsonl'), JSON.stringify(header).slice(0, 100))
  expect(await readJournals(dir.path)).toEqual({ unfinished: [], unreadable: [] })
  expect(readdirSync(dir.path)).toEqual([])
})

test('the last word on limit, pause and usual latency counts, whatever happened between', async () => {
  using dir = tempDir()
  const journal = await Journal.create(dir.path, header)
  await journal.note({ limit: 5, pause: { user: false, asleep: true } })
  await journal.append({ event: 'begin' })
  await journal.note({ idle: { writeMs: 2, flushMs: null } })
  await journal.note({ limit: 7 })
  await journal.close()
  const { unfinished } = await readJournals(dir.path)
  expect(unfinished).toMatchObject([
    {
      state: { state: 'preparing' },
      notes: { limit: 7, pause: { user: false, asleep: true }, idle: { writeMs: 2, flushMs: null } },
    },
  ])
})

test('a journal of a newer Floe, or garbage, is left alone and named', async () => {
  using dir = tempDir()
  appendFileSync(dir.file('a.jsonl'), 'garbage')
  appendFileSync(dir.file('b.jsonl'), '{"version":99}\n')
  const { unfinished, unreadable } = await readJournals(dir.path)
  expect(unfinished).toEqual([])
  expect(unreadable).toHaveLength(2)
})
