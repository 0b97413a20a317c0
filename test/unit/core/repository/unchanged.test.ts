import { mkdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Unchanged } from '../../../../electron/core/repository/unchanged.ts'
import { tempDir } from '../../../support/temp.ts'

let reads = 0
const isSound = (text: string) => text !== 'broken'
const texts = () =>
  new Unchanged(async (path) => {
    reads += 1
    return readFileSync(path, 'utf8')
  }, isSound)

beforeEach(() => {
  reads = 0
  // Nothing that a test writes is older than a moment.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
})
afterEach(() => void vi.useRealTimers())

test('a file that stays the same is read once', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'one')
  const kept = texts()
  for (const _ of [1, 2, 3]) expect(await kept.of(dir.file('a'))).toBe('one')
  expect(reads).toBe(1)
})

test.each([
  ['written over', (path: string) => writeFileSync(path, 'two')],
  [
    'replaced by another of the same size',
    (path: string) => {
      writeFileSync(`${path}.tmp`, 'two')
      renameSync(`${path}.tmp`, path)
    },
  ],
  [
    'written over and given its old time back',
    (path: string) => {
      utimesSync(path, 1, 1)
      writeFileSync(path, 'two')
      utimesSync(path, 1, 1)
    },
  ],
])('a file that was %s is read anew', async (_, change) => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'one')
  const kept = texts()
  await kept.of(dir.file('a'))
  change(dir.file('a'))
  expect(await kept.of(dir.file('a'))).toBe('two')
})

test('a file that changed a moment ago is read each time', async () => {
  vi.useRealTimers()
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'one')
  const kept = texts()
  for (const _ of [1, 2, 3]) await kept.of(dir.file('a'))
  expect(reads).toBe(3)
})

test('a file that changes while it is read is not kept', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'one')
  const kept = new Unchanged(async (path) => {
    const text = readFileSync(path, 'utf8')
    if (text === 'one') writeFileSync(path, 'two')
    return text
  }, isSound)
  expect(await kept.of(dir.file('a'))).toBe('one')
  expect(await kept.of(dir.file('a'))).toBe('two')
})

test('what is gone, a folder, and a link are left to the reader, and nothing is kept of them', async () => {
  using dir = tempDir()
  const kept = texts()
  await expect(kept.of(dir.file('a'))).rejects.toThrow('ENOENT')
  writeFileSync(dir.file('a'), 'one')
  symlinkSync(dir.file('a'), dir.file('link'))
  mkdirSync(dir.file('folder'))
  await expect(kept.of(dir.file('folder'))).rejects.toThrow('EISDIR')
  for (const _ of [1, 2]) expect(await kept.of(dir.file('link'))).toBe('one')
  expect(reads).toBe(4)
})

test('what is not sound is read each time: it may be the cable', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'broken')
  const kept = texts()
  for (const _ of [1, 2]) expect(await kept.of(dir.file('a'))).toBe('broken')
  expect(reads).toBe(2)
})
