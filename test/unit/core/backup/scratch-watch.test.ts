import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  lookAtScratch,
  saysSnapshotLost,
  scratchFull,
  scratchTrouble,
} from '../../../../electron/core/backup/scratch-watch.ts'
import { tempDir } from '../../../support/temp.ts'

const gigabyte = 1e9
const look = { use: { usedBytes: 5, limitBytes: 10 }, freeBytes: 50 * gigabyte, totalBytes: 100 * gigabyte }

test('old data may take up what was planned, as long as the drive has room', () => {
  expect(scratchTrouble(look)).toBeNull()
  expect(scratchTrouble({ ...look, use: { usedBytes: 11, limitBytes: 10 } })).toBe('over-limit')
  expect(scratchTrouble({ ...look, freeBytes: gigabyte })).toBe('drive-full')
  expect(scratchTrouble({ ...look, freeBytes: null, totalBytes: null })).toBeNull()
})

test('what the scratch images take up is what they hold, not their size', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), Buffer.alloc(64 << 10, 1))
  const scratch = { folder: dir.path, expectedBytes: 1, limitBytes: 2 }
  const { use, freeBytes, totalBytes } = await lookAtScratch(scratch, [dir.file('a'), dir.file('gone')])
  expect(use).toEqual({ usedBytes: 64 << 10, limitBytes: 2 })
  expect(freeBytes).toBeGreaterThan(0)
  expect(totalBytes).toBeGreaterThan(0)
  const gone = await lookAtScratch({ ...scratch, folder: '/nowhere' }, [])
  expect(gone).toEqual({ use: { usedBytes: 0, limitBytes: 2 }, freeBytes: null, totalBytes: null })
})

test('the words say which room ran out', () => {
  const place = { machineName: 'Anna', destinationName: 'Drive', pid: 1 }
  const full = scratchFull(place, '/scratch', { ...look, freeBytes: 1000 })
  expect(full).toMatchObject({ code: 'backup/scratch-full', params: { usedBytes: 5, limitBytes: 10 } })
  expect(full.message).toContain('the drive with /scratch is nearly full')
  const over = scratchFull(place, '/scratch', { ...look, use: { usedBytes: 3e9, limitBytes: 2e9 } })
  expect(over.message).toContain('more than the 2')
})

test('a broken snapshot is told from a broken disk by what the read fails with', () => {
  expect(saysSnapshotLost('Permission denied')).toBe(true)
  expect(saysSnapshotLost('Input/output error')).toBe(false)
  expect(saysSnapshotLost(null)).toBe(false)
})
