import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ownerOfScratchFile } from '../../../../electron/core/instant/naming.ts'
import { planScratch, reservedBytes, scratchSpace, sweepScratch } from '../../../../electron/core/instant/scratch.ts'
import { tempDir } from '../../../support/temp.ts'

const gib = 1 << 30

test('a scratch plan never touches what must stay free, and never allows more than the data and its growth', () => {
  const amount = fc.integer({ min: 0, max: 2 ** 45 })
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      fc.option(fc.integer({ min: 1, max: 2 ** 40 })),
      (data, free, total, wished) => {
        const answer = planScratch('/scratch', data, { freeBytes: free, totalBytes: Math.max(free, total) }, wished)
        if (answer.kind === 'no-room') {
          expect(answer.reason).toContain('/scratch')
          return
        }
        const { limitBytes } = answer.plan
        expect(limitBytes).toBeLessThanOrEqual(Math.max(0, free - reservedBytes(Math.max(free, total))))
        expect(limitBytes).toBeLessThanOrEqual(data + data / 1024 + gib / 4 + 1)
        if (wished !== null) expect(limitBytes).toBeLessThanOrEqual(wished)
      },
    ),
  )
})

test('a small guest that has grown since it was measured, or has many disks, still finds room', () => {
  const answer = planScratch('/scratch', 5_000_000, { freeBytes: 80 * gib, totalBytes: 100 * gib }, null)
  expect(answer).toMatchObject({ kind: 'room' })
  if (answer.kind === 'room') expect(answer.plan.limitBytes).toBeGreaterThan(100_000_000)
})

test('a drive with too little room is named, with what would be needed', () => {
  const answer = planScratch('/home/ann/floe', 40 * gib, { freeBytes: gib, totalBytes: 100 * gib }, null)
  expect(answer).toMatchObject({ kind: 'no-room', reason: expect.stringMatching(/\/home\/ann\/floe.*4\.29\sGB/) })
})

test('scratch files that no job owns are removed, and nothing else', async () => {
  using dir = tempDir()
  const names = ['floe-aaaaaaaaaaaa-s0.qcow2', 'floe-bbbbbbbbbbbb-s1.qcow2', 'mine.qcow2', 'floe-short-s0.qcow2']
  for (const name of names) writeFileSync(dir.file(name), '')
  expect(await sweepScratch(dir.path, new Set(['aaaaaaaaaaaa']))).toBe(1)
  expect(await sweepScratch(dir.file('nowhere'), new Set())).toBe(0)
  expect(ownerOfScratchFile('floe-aaaaaaaaaaaa-s12.qcow2')).toBe('aaaaaaaaaaaa')
})

test('on a drive that is not there no folder is made, and the folder of one that is there is for its owner only', async () => {
  using dir = tempDir()
  await expect(scratchSpace(dir.file('drive', 'floe-home'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(existsSync(dir.file('drive'))).toBe(false)
  mkdirSync(dir.file('drive'))
  const both = await Promise.all([1, 2].map(() => scratchSpace(dir.file('drive', 'floe-home'))))
  for (const space of both) expect(space.totalBytes).toBeGreaterThan(0)
  expect(statSync(dir.file('drive', 'floe-home')).mode & 0o777).toBe(0o700)
})

test('what is left of looking whether the drive answers goes with the next sweep', async () => {
  using dir = tempDir()
  for (const name of ['.floe-probe-1', `.floe-probe-${process.pid}`]) writeFileSync(dir.file(name), '')
  await sweepScratch(dir.path, new Set())
  expect([1, process.pid].map((pid) => existsSync(dir.file(`.floe-probe-${pid}`)))).toEqual([false, true])
})
