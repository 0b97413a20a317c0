import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Patience } from '../../../../electron/core/repository/patience.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('a drive that never answers costs ten seconds once, then nothing, until it answers', async () => {
  const patience = new Patience()
  let asked = 0
  let answer = (_: string) => {}
  const hangs = () => {
    asked += 1
    return new Promise<string>((resolve) => {
      answer = resolve
    })
  }
  const first = patience.within('drive', hangs, () => 'absent')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await first).toBe('absent')
  expect(await patience.within('drive', hangs, () => 'absent')).toBe('absent')
  expect(asked).toBe(1)
  expect(
    await patience.within(
      'other',
      async () => 'there',
      () => 'absent',
    ),
  ).toBe('there')
  answer('late')
  await vi.advanceTimersByTimeAsync(0)
  expect(
    await patience.within(
      'drive',
      async () => 'there',
      () => 'absent',
    ),
  ).toBe('there')
})

it('a failure is passed on, and does not count as hanging', async () => {
  const patience = new Patience()
  const fails = () => Promise.reject(new Error('EIO'))
  await expect(patience.within('drive', fails, () => 'absent')).rejects.toThrow('EIO')
  expect(
    await patience.within(
      'drive',
      async () => 'there',
      () => 'absent',
    ),
  ).toBe('there')
})
