import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { QmpExecuteError } from '../../../../electron/core/qmp/errors.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'
import { createTopics } from '../../../../electron/core/topics/topic.ts'
import type { ForgettingMachines } from '../../../../electron/core/tracking/forgetting.ts'
import { NeedlessBitmaps } from '../../../../electron/core/tracking/needless-bitmaps.ts'
import { DestinationId, MachineId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { quietLogger, testJob } from '../../../support/core.ts'
import { until } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'

const machineId = MachineId.parse('m00000000001')
const [gone, kept] = [DestinationId.parse('dgone0000001'), DestinationId.parse('dkept0000001')]
const nameOf = (id: DestinationId) => `floe-${id}-p00000000001-0123abcd`

type World = ReturnType<typeof world>

/** One machine with one disk, on which a QEMU has bitmaps. */
function world(file: string) {
  const bitmaps = new Set([nameOf(gone), nameOf(kept), 'foreign'])
  const inUse = new Set<string>()
  let [asked, refused] = [0, 0]
  let held = Promise.resolve()
  const session = {
    execute: async (command: string, { name }: { name: string }) => {
      if (command === 'query-named-block-nodes') {
        const found = [...bitmaps].map((each) => ({ name: each, busy: inUse.has(each) }))
        return [{ 'node-name': 'n', drv: 'qcow2', 'dirty-bitmaps': found }]
      }
      if (inUse.has(name)) {
        refused += 1
        throw new QmpExecuteError(command, 'GenericError', 'in use')
      }
      bitmaps.delete(name)
      return {}
    },
  } as unknown as QmpSession
  const disks = [{ id: 'vda', node: 'n', backingChain: [], imagePath: null, format: 'qcow2' }]
  const machines: ForgettingMachines = {
    acquire: async () => {
      asked += 1
      await held
      return { session, inventory: async () => disks as never, [Symbol.asyncDispose]: async () => {} }
    },
    signsOfLife: async () => [],
    usersOfImages: async () => [],
  }
  const topics = createTopics()
  const active: Job[] = []
  const destinations = [{ id: kept }]
  const start = async () => {
    const ports = { logger: quietLogger, env: {} }
    const board = { active: () => active }
    const repository = { destinations: () => destinations }
    const needless = new NeedlessBitmaps({ ports, machines, topics, board, repository, file })
    await needless.start()
    return needless
  }
  const machine = (kind: 'busy' | 'running' | 'off', pid = 1) => {
    const state = kind === 'busy' ? { kind, program: null, pid: null } : { kind }
    return { id: machineId, name: 'm', state, pid, runningSince: null, disks } as unknown as Machine
  }
  const remembered = () => JSON.parse(readFileSync(file, 'utf8')).data.machines as Record<string, string[]>
  return {
    bitmaps,
    inUse,
    topics,
    active,
    destinations,
    start,
    machine,
    remembered,
    /** From now on a connection is given only when `release` is called. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    asked: () => asked,
    refused: () => refused,
  }
}

it('what a machine that was busy kept is taken out when it can be asked, by a later Floe, too', async () => {
  using dir = tempDir()
  const { bitmaps, topics, start, machine, remembered } = world(dir.file('left.json'))
  const before = await start()
  await before.forget(machine('busy'), [gone])
  expect(remembered()).toEqual({ [machineId]: [gone] })
  await before.stop()
  const after = await start()
  topics.machines.set(machine('busy'))
  expect(bitmaps).toContain(nameOf(gone))
  topics.machines.set(machine('running'))
  await until(() => Object.keys(remembered()).length === 0, 'nothing to be left')
  expect([...bitmaps]).toEqual([nameOf(kept), 'foreign'])
  await after.stop()
})

it('what is in use is asked for once for each start of QEMU and each end of a job, and never beside a job', async () => {
  using dir = tempDir()
  const { bitmaps, inUse, topics, active, start, machine, remembered, asked, refused } = world(dir.file('left.json'))
  inUse.add(nameOf(gone))
  const needless = await start()
  await needless.forget(machine('running'), [gone])
  expect(refused()).toBe(1)
  topics.machines.set(machine('running'))
  await until(() => refused() === 2, 'the machine to be asked')
  topics.machines.set({ ...machine('running'), name: 'other' })
  topics.machines.set(machine('running', 2))
  await until(() => refused() === 3, 'the machine to be asked after its start')

  inUse.clear()
  const job = testJob({ machineId })
  active.push(job)
  topics.machines.set(machine('running', 3))
  topics.jobs.set(job)
  active.pop()
  topics.jobs.set({ ...job, state: { kind: 'cancelled' } } as Job)
  await until(() => Object.keys(remembered()).length === 0, 'nothing to be left')
  expect(asked()).toBe(4)
  expect([...bitmaps]).toEqual([nameOf(kept), 'foreign'])
  await needless.stop()
})

it('a destination that Floe has keeps its bitmaps, whatever is remembered', async () => {
  using dir = tempDir()
  const { bitmaps, topics, destinations, start, machine, remembered, asked } = world(dir.file('left.json'))
  const needless = await start()
  await needless.forget(machine('running'), [kept, gone], () => false)
  destinations.push({ id: gone })
  topics.machines.set(machine('running'))
  expect(asked()).toBe(0)
  destinations.pop()
  topics.machines.set(machine('running', 2))
  await until(() => remembered()[machineId]?.length === 1, 'one to be left')
  expect(remembered()).toEqual({ [machineId]: [kept] })
  expect([...bitmaps]).toEqual([nameOf(kept), 'foreign'])
  await needless.stop()
})

it.each([
  ['a machine that was turned off', ({ topics, machine }: World) => topics.machines.set(machine('off'))],
  ['a machine on which a job began', ({ active }: World) => void active.push(testJob({ machineId }))],
  ['a destination that came back', ({ destinations }: World) => void destinations.push({ id: gone })],
])('nothing is removed from %s while Floe waited for the connection, and it stays remembered', async (_, happens) => {
  using dir = tempDir()
  const here = world(dir.file('left.json'))
  const { bitmaps, topics, start, machine, remembered, asked, hold } = here
  const needless = await start()
  await needless.forget(machine('running'), [gone], () => false)
  const release = hold()
  topics.machines.set(machine('running'))
  await until(() => asked() === 1, 'the connection to be asked for')
  happens(here)
  release()
  await needless.stop()
  expect(bitmaps).toContain(nameOf(gone))
  expect(remembered()).toEqual({ [machineId]: [gone] })
})
