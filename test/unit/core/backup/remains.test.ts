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
    header: { machineId: 'm', pointId: 'p', plan: { disks: [{ jobName: 'j', targetNode: 't', snapshot: null }] } },
    state: { state: 'preparing', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const remains = await findRemains(unfinished, link, { points: () => [] }, true)
  expect(remains).toEqual({ jobs: 'all', targets: 'all', partial: true, recorded: false })
})

it.each([
  ['every device is above its filter', ['f0', 'f1'], 'all'],
  ['a device was not put above its filter', ['f0', 'disk1'], 'some'],
])('takes copies that nobody saw begin for an instant only when %s', async (_, roots, jobs) => {
  const answers: Record<string, unknown> = {
    'query-jobs': [{ id: 'j0' }, { id: 'j1' }],
    'query-named-block-nodes': [{ 'node-name': 't0' }, { 'node-name': 't1' }],
    'query-block': roots.map((node, index) => ({ qdev: `d${index}`, inserted: { 'node-name': node, drv: 'x' } })),
  }
  const session = { execute: async (command: string) => answers[command] } as unknown as QmpSession
  const disks = [0, 1].map((index) => ({
    jobName: `j${index}`,
    targetNode: `t${index}`,
    snapshot: { device: `/machine/peripheral/d${index}`, filterNode: `f${index}` },
  }))
  const unfinished = {
    header: { machineId: 'm', pointId: 'p', plan: { disks } },
    state: { state: 'starting', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const link = { use: (work) => work(session) } as QemuLink
  expect(await findRemains(unfinished, link, { points: () => [] }, true)).toMatchObject({ jobs })
})
