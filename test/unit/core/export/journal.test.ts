import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type ExportRecord, readRecords, removeRecord, writeRecord } from '../../../../electron/core/export/journal.ts'
import type { DiskId, JobId, MachineId } from '../../../../shared/domain/ids.ts'
import { tempDir } from '../../../support/temp.ts'

const record: ExportRecord = {
  jobId: 'abcdefghijkl' as JobId,
  machineId: 'mmmmmmmmmmmm' as MachineId,
  machineName: 'vm',
  pid: 7,
  createdAt: '2026-11-22T12:00:00.000Z',
  socketFolder: '/run/x',
  socketPath: '/run/x/vm.sock',
  readerSocketPath: '/run/x/nbd.sock',
  disks: [
    {
      id: 'vda' as DiskId,
      device: '/machine/peripheral/vda',
      rootNode: '#block1',
      filterNode: 'c',
      scratchNode: 's',
      scratchPath: '/s',
      snapshotNode: 'v',
      sizeGuardNode: 'g',
      virtualSize: 1,
      exportId: 'e',
    },
  ],
  hold: { panicEnds: true },
}

it('what was written down is read again until it is done', async () => {
  using dir = tempDir()
  expect(await readRecords(dir.file('none'))).toEqual({ records: [], damaged: [] })
  await writeRecord(dir.path, record)
  expect(await readRecords(dir.path)).toEqual({ records: [record], damaged: [] })
  await removeRecord(dir.path, record.jobId)
  expect(await readRecords(dir.path)).toEqual({ records: [], damaged: [] })
})

it('a damaged record is kept aside and said, and does not hide the others', async () => {
  using dir = tempDir()
  await writeRecord(dir.path, record)
  writeFileSync(dir.file('bbbbbbbbbbbb.json'), '{"version":1,"data":{"jobId":"x"}}')
  writeFileSync(dir.file('notes.txt'), 'mine')
  const { records, damaged } = await readRecords(dir.path)
  expect(records).toEqual([record])
  expect(damaged).toHaveLength(1)
  expect((await readRecords(dir.path)).damaged).toEqual([])
})
