import { expect, it } from 'vitest'
import type { Unfinished } from '../../../../electron/core/backup/journal.ts'
import type { QemuLink } from '../../../../electron/core/backup/link.ts'
import { findRemains } from '../../../../electron/core/backup/remains.ts'
import { QmpInterruptedError } from '../../../../electron/core/qmp/errors.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'

it('waits for a QEMU that is slow to say what it still has', async () => {
  let asked = 0
  const execute = async (command: string) => {
    asked += 1
    if (asked < 3) throw new QmpInterruptedError('machine/timeout', 'No answer in time.')
    return command === 'query-jobs' ? [{ id: 'j', status: 'running' }] : [{ 'node-name': 't' }]
  }
  const link = { use: (work) => work({ execute } as unknown as QmpSession) } as QemuLink
  const unfinished = {
    header: { machineId: 'm', pointId: 'p', plan: { disks: [{ jobName: 'j', targetNode: 't' }] } },
    state: { state: 'preparing', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const remains = await findRemains(unfinished, link, { points: () => [] }, true)
  expect(remains).toEqual({ jobs: 'all', targets: 'all', partial: true, recorded: false })
})
