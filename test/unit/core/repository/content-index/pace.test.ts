import { expect, it } from 'vitest'
import { Pace, turnsOf } from '../../../../../electron/core/repository/content-index/pace.ts'

const mebibyte = 1 << 20

/** Has the promise been settled by all that was to happen at once? */
async function isOver(turn: Promise<void>): Promise<boolean> {
  const late = Symbol('late')
  const next = new Promise((resolve) => setImmediate(resolve, late))
  return (await Promise.race([turn, next])) !== late
}

it('without a pace, and with one that allows everything, nobody waits', async () => {
  const free = turnsOf(null)
  const paced = turnsOf(new Pace().flag)
  for (let turn = 0; turn < 100; turn += 1) {
    await free(mebibyte)
    await paced(mebibyte)
  }
})

it('the first read goes at once, the next ones wait until what was read was paid for; without the limit they go', async () => {
  const pace = new Pace()
  pace.limit(1024)
  const turn = turnsOf(pace.flag)
  await turn(mebibyte)
  const waiting = [turn(mebibyte), turn(mebibyte)]
  for (const each of waiting) expect(await isOver(each)).toBe(false)
  pace.limit(null)
  await Promise.all(waiting)
})

it('a higher limit counts at once, also for those who wait', async () => {
  const pace = new Pace()
  pace.limit(1024)
  const turn = turnsOf(pace.flag)
  await turn(mebibyte)
  const waiting = turn(mebibyte)
  expect(await isOver(waiting)).toBe(false)
  pace.limit(1 << 30)
  await waiting
})

it('who is held up waits until it goes on, whatever the limit', async () => {
  const pace = new Pace()
  pace.hold()
  const waiting = turnsOf(pace.flag)(1)
  expect(await isOver(waiting)).toBe(false)
  pace.goOn()
  await waiting
})
