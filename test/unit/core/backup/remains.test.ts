import { expect, it } from 'vitest'
import type { Unfinished } from '../../../../electron/core/backup/journal.ts'
import type { QemuLink } from '../../../../electron/core/backup/link.ts'
import { findRemains } from '../../../../electron/core/backup/remains.ts'
import { QmpExecuteError, QmpInterruptedError } from '../../../../electron/core/qmp/errors.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'
import { endMarkOf } from '../../../../electron/core/tracking/naming.ts'

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
  const { remains } = await findRemains(unfinished, link, { points: () => [] }, true)
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
    oldBitmap: null,
    snapshot: { device: `/machine/peripheral/d${index}`, filterNode: `f${index}` },
  }))
  const unfinished = {
    header: { machineId: 'm', pointId: 'p', plan: { disks } },
    state: { state: 'starting', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const link = { use: (work) => work(session) } as QemuLink
  const { remains, lost } = await findRemains(unfinished, link, { points: () => [] }, true)
  expect(remains).toMatchObject({ jobs })
  expect(lost).toBeNull()
})

it('ends copies that nobody saw begin when QEMU names no nodes, and so does not tell whether their marks are whole', async () => {
  const answers: Record<string, unknown> = {
    'query-jobs': [{ id: 'j0' }],
    'query-block': [{ qdev: 'd0', inserted: { 'node-name': 'f0', drv: 'x' } }],
  }
  const execute = async (command: string) => {
    if (command in answers) return answers[command]
    throw new QmpExecuteError(command, 'GenericError', "Node 't0' is ejected")
  }
  const disk = { id: 'vda', jobName: 'j0', targetNode: 't0', sourceNode: 'n0', parentId: 'p', oldBitmap: 'floe-d-p' }
  const unfinished = {
    header: { machineId: 'm', pointId: 'p', plan: { disks: [{ ...disk, snapshot: null }] } },
    state: { state: 'starting', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const link = { use: (work) => work({ execute } as unknown as QmpSession) } as QemuLink
  const { remains, lost } = await findRemains(unfinished, link, { points: () => [] }, true)
  expect(remains).toMatchObject({ jobs: 'some', targets: 'all' })
  expect(lost).toMatchObject({ code: 'machine/qemu-refused' })
})

it.each([
  ['plain', 'uncut', 65536, 'all'],
  ['plain', 'cut', 0, 'some'],
  ['filtered', 'cut', 0, 'some'],
] as const)(
  'takes %s copies that nobody saw begin for what changed of an uncut disk: %s',
  async (how, _, end, jobs) => {
    const marks = { recording: true, busy: false, persistent: true, granularity: 65536, count: 65536 }
    const bitmaps = [
      { ...marks, name: 'floe-d-p' },
      { ...marks, name: endMarkOf('floe-d-p'), recording: false, count: end },
    ]
    const answers: Record<string, unknown> = {
      'query-jobs': [{ id: 'j0' }],
      'query-named-block-nodes': [
        { 'node-name': 't0', drv: 'qcow2' },
        { 'node-name': 'n0', drv: 'qcow2', 'dirty-bitmaps': bitmaps, image: { filename: '/a', format: 'qcow2' } },
      ],
      'query-block': [{ qdev: 'd0', inserted: { 'node-name': 'f0', drv: 'x' } }],
    }
    const session = { execute: async (command: string) => answers[command] } as unknown as QmpSession
    const disk = { id: 'vda', jobName: 'j0', targetNode: 't0', sourceNode: 'n0', parentId: 'p', oldBitmap: 'floe-d-p' }
    const snapshot = how === 'plain' ? null : { device: '/machine/peripheral/d0', filterNode: 'f0' }
    const unfinished = {
      header: { machineId: 'm', pointId: 'p', plan: { disks: [{ ...disk, snapshot }] } },
      state: { state: 'starting', cancelled: false },
      notes: { closed: false },
    } as unknown as Unfinished
    const link = { use: (work) => work(session) } as QemuLink
    const { remains, lost } = await findRemains(unfinished, link, { points: () => [] }, true)
    expect(remains).toMatchObject({ jobs })
    expect(lost?.code).toBe(jobs === 'all' ? undefined : 'backup/parent-lost')
  },
)

it('never takes copies for ended because their folder is gone', async () => {
  const answers: Record<string, unknown> = {
    'query-jobs': [{ id: 'j' }],
    'query-named-block-nodes': [{ 'node-name': 't' }],
  }
  const session = { execute: async (command: string) => answers[command] } as unknown as QmpSession
  const unfinished = {
    header: { machineId: 'm', pointId: 'p', plan: { disks: [{ jobName: 'j', targetNode: 't', snapshot: null }] } },
    state: { state: 'preparing', cancelled: false },
    notes: { closed: false },
  } as unknown as Unfinished
  const link = { use: (work) => work(session) } as QemuLink
  expect((await findRemains(unfinished, link, { points: () => [] }, false)).remains.jobs).toBe('some')
})
