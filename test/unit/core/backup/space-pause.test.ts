import { mkdirSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decideSpace,
  neededBytes,
  neverTried,
  roomAt,
  type SpacePause,
  shareSpace,
  wouldHitGuest,
} from '../../../../electron/core/backup/space-pause.ts'
import { tempDir } from '../../../support/temp.ts'

const mebibyte = 1 << 20

test('what must be free is what is still to copy and a tenth more', () => {
  expect(neededBytes({ doneBytes: 40 * mebibyte, totalBytes: 140 * mebibyte })).toBe(110 * mebibyte)
  expect(neededBytes({ doneBytes: 140, totalBytes: 140 })).toBe(4 * mebibyte)
})

test('a copy goes on only when more is free than it needs, and nobody holds it', () => {
  const look = { full: true, held: false, needed: 100, free: 101 }
  expect(decideSpace(neverTried, look).resume).toBe(true)
  expect(decideSpace(neverTried, { ...look, free: 100 }).resume).toBe(false)
  expect(decideSpace(neverTried, { ...look, free: null }).resume).toBe(false)
  expect(decideSpace(neverTried, { ...look, held: true }).resume).toBe(false)
  expect(decideSpace(neverTried, { ...look, full: false }).resume).toBe(false)
})

test('a destination that stays full though it tells of room is not tried again and again', () => {
  const free = 900 * mebibyte
  let pause = neverTried
  let tries = 0
  for (let look = 0; look < 50; look += 1) {
    const decision = decideSpace(pause, { full: true, held: false, needed: mebibyte, free })
    pause = decision.next
    if (decision.resume) tries += 1
  }
  expect(tries).toBe(1)
  expect(decideSpace(pause, { full: true, held: false, needed: mebibyte, free: free + 8 * mebibyte }).resume).toBe(true)
})

test('whatever the drive told before, room after it was full is room', () => {
  const free = fc.option(fc.integer({ min: 0, max: 4096 * mebibyte }))
  fc.assert(
    fc.property(fc.array(fc.record({ full: fc.boolean(), held: fc.boolean(), free }), { maxLength: 40 }), (looks) => {
      const needed = 100 * mebibyte
      let pause: SpacePause = neverTried
      for (const look of looks) {
        const { resume, next } = decideSpace(pause, { ...look, needed })
        if (resume) expect(look).toMatchObject({ full: true, held: false })
        if (resume) expect(look.free).toBeGreaterThan(needed)
        pause = next
      }
      pause = decideSpace(pause, { full: true, held: false, needed, free: 0 }).next
      expect(decideSpace(pause, { full: true, held: false, needed, free: needed + 5 * mebibyte }).resume).toBe(true)
    }),
  )
})

test('the same drive is told by its number, or by telling the same size and the same room', async () => {
  const room = { device: 1, totalBytes: 1000 * mebibyte, freeBytes: 10 * mebibyte }
  expect(shareSpace(room, { ...room, totalBytes: 5 })).toBe(true)
  expect(shareSpace(room, { ...room, device: 2 })).toBe(true)
  expect(shareSpace(room, { ...room, device: 2, freeBytes: 50 * mebibyte })).toBe(false)
  expect(shareSpace(room, { ...room, device: 2, totalBytes: 2000 * mebibyte })).toBe(false)
  expect(shareSpace({ ...room, totalBytes: 0 }, { device: 2, totalBytes: 0, freeBytes: 0 })).toBe(false)
  using dir = tempDir()
  mkdirSync(dir.file('a'))
  writeFileSync(dir.file('image'), '')
  expect(await wouldHitGuest(`${dir.file('a')}/target`, [dir.file('image')])).toBe(true)
  expect(await wouldHitGuest(`${dir.file('a')}/target`, ['/proc/self/image'])).toBe(false)
  expect(await wouldHitGuest('/nowhere/target', [dir.file('image')])).toBe(false)
  expect(await roomAt('/nowhere')).toBeNull()
})
