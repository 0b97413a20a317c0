import { expect, test } from 'vitest'
import { setGuestClocks } from '../../../../electron/core/backup/guest-clock.ts'
import { HostSleep, type SleepingCopy } from '../../../../electron/core/backup/host-sleep.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { quietLogger } from '../../../support/core.ts'
import { until } from '../../../support/run.ts'

function world(change: Partial<SleepingCopy> = {}, others: readonly SleepingCopy[] = []) {
  const did: string[] = []
  let suspend = () => {}
  let resume = () => {}
  let back = true
  const copy: SleepingCopy = {
    name: 'Anna',
    fallAsleep: async () => {
      did.push('asleep')
      return true
    },
    answers: async () => {
      did.push('asked')
      return back
    },
    wakeUp: async () => {
      did.push('awake')
    },
    isOver: () => false,
    ...change,
  }
  const sleep = new HostSleep({
    power: {
      onSuspend: (listener) => {
        suspend = listener
      },
      onResume: (listener) => {
        resume = listener
      },
    },
    copies: () => [copy, ...others],
    afterWake: async () => {
      did.push('clocks')
    },
    logger: quietLogger,
    lookEveryMs: { first: 1, later: 1 },
  })
  return {
    did,
    copy,
    sleep,
    suspend: () => suspend(),
    resume: () => resume(),
    setBack: (is: boolean) => {
      back = is
    },
  }
}

test('copies sleep with the computer and go on once all is back', async () => {
  const { did, suspend, resume, setBack } = world()
  setBack(false)
  suspend()
  resume()
  await until(() => did.filter((what) => what === 'asked').length > 3, 'several looks')
  expect(did).not.toContain('awake')
  expect(did.slice(0, 2)).toEqual(['asleep', 'clocks'])
  setBack(true)
  await until(() => did.includes('awake'), 'the copy to go on')
})

test('what had nothing to pause is not woken', async () => {
  let asked = false
  const { did, suspend, resume } = world({
    fallAsleep: async () => false,
    answers: async () => {
      asked = true
      return true
    },
  })
  suspend()
  resume()
  await until(() => did.includes('clocks'), 'the wake')
  await new Promise((done) => setImmediate(done))
  expect(asked).toBe(false)
  expect(did).toEqual(['clocks'])
})

test('a copy whose pause was not answered is woken all the same, and failing to wake is tried again', async () => {
  let tries = 0
  const { suspend, resume } = world({
    fallAsleep: () => Promise.reject(new Error('too late')),
    wakeUp: async () => {
      tries += 1
      if (tries < 3) throw new Error('not yet')
    },
  })
  suspend()
  resume()
  await until(() => tries === 3, 'the third try')
})

test('what an earlier Floe had paused is brought back, until this one is closed', async () => {
  const { did, copy, sleep, setBack } = world()
  sleep.bringBack(copy)
  await until(() => did.includes('awake'), 'the copy to go on')
  setBack(false)
  sleep.bringBack(copy)
  sleep.stop()
  const asked = did.length
  await new Promise((done) => setImmediate(done))
  expect(did.length - asked).toBeLessThanOrEqual(1)
})

test('a second sleep ends the waiting of the first, and the second wake takes it up', async () => {
  const { did, suspend, resume, setBack } = world()
  setBack(false)
  suspend()
  resume()
  await until(() => did.includes('asked'), 'a look')
  suspend()
  const before = did.filter((what) => what === 'asked').length
  setBack(true)
  resume()
  await until(() => did.includes('awake'), 'the copy to go on')
  expect(did.filter((what) => what === 'awake').length).toBe(1)
  expect(did.filter((what) => what === 'asked').length).toBeGreaterThanOrEqual(before)
})

test('a copy that is over is not asked any more', async () => {
  let over = false
  const asked = { ended: 0, other: 0 }
  const other: SleepingCopy = {
    name: 'Bert',
    fallAsleep: async () => true,
    answers: async () => {
      asked.other += 1
      return false
    },
    wakeUp: async () => {},
    isOver: () => asked.other > 5,
  }
  const answers = async () => {
    asked.ended += 1
    over = true
    return false
  }
  const { suspend, resume } = world({ isOver: () => over, answers }, [other])
  suspend()
  resume()
  await until(() => asked.other > 5, 'several looks at another one')
  expect(asked.ended).toBe(1)
})

test('the clocks of running guests with an agent are set, and one that refuses keeps nobody', async () => {
  const machine = (name: string, agentPath: string | null, state = 'running') =>
    ({ name, agentPath, state: { kind: state } }) as unknown as Machine
  const set: string[] = []
  await setGuestClocks(
    [machine('a', '/a'), machine('b', null), machine('c', '/c'), machine('d', '/d', 'off')],
    async ({ name }) => {
      if (name === 'a') throw new Error('no')
      set.push(name)
    },
    quietLogger,
  )
  expect(set).toEqual(['c'])
})
