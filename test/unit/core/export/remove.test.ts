import { existsSync, mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import { type ExportRecord, readRecords, writeRecord } from '../../../../electron/core/export/journal.ts'
import { removeExport } from '../../../../electron/core/export/remove.ts'
import type { JobId, MachineId } from '../../../../shared/domain/ids.ts'
import { freshId, quietLogger as logger } from '../../../support/core.ts'
import { tempDir } from '../../../support/temp.ts'

it('an export of images does not wait for the monitor of a machine that was started since', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('run'))
  const record: ExportRecord = {
    ...{ jobId: freshId<JobId>(), machineId: freshId<MachineId>(), machineName: 'm', pid: null },
    ...{ createdAt: '2026-01-02T03:04:05.000Z', disks: [], hold: null },
    ...{ socketFolder: dir.file('run'), socketPath: dir.file('run', 'nbd.sock'), readerSocketPath: null },
  }
  await writeRecord(dir.path, record)
  const busy = async () => {
    throw new FloeError('machine/busy', 'Its monitor is busy.')
  }
  const machines = { acquire: busy, get: () => ({ pid: 1 }) as never }
  await removeExport({ machines, logger, journalDir: dir.path }, record, { runs: false }, new AbortController().signal)
  expect(existsSync(dir.file('run'))).toBe(false)
  expect((await readRecords(dir.path)).records).toEqual([])
})
