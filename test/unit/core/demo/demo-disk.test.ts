import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { demoDiskBytes, demoDiskFile } from '../../../../electron/core/demo/demo-disk.ts'
import {
  blankRecord,
  blockOf,
  counterOf,
  fillBlock,
  recordOf,
  stateSector,
} from '../../../../electron/core/demo/disk-content.ts'
import { dataLba, ringLba, ringLength, sectorBytes, stateLba } from '../../../../electron/core/demo/disk-layout.ts'
import { qcow2File } from '../../../../electron/core/demo/qcow2-file.ts'
import { verifyDemoDisk } from '../../../../electron/core/demo/verify-disk.ts'
import { run } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'
import { writeNumber } from './written-disk.ts'

const blocks = 64

it('a new demo disk shows one instant and starts at its number', () => {
  expect(verifyDemoDisk(demoDiskBytes({ blocks }))).toEqual({ ok: true, counter: 0, problems: [] })
})

it('a disk is whole after any number of whole steps of the guest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), (steps) => {
      const disk = demoDiskBytes({ blocks })
      for (let number = 1; number <= steps; number++) writeNumber(disk, blocks, number)
      expect(verifyDemoDisk(disk)).toEqual({ ok: true, counter: steps, problems: [] })
    }),
    { numRuns: 8 },
  )
})

it('a disk stopped between the three writes of a step is still whole', () => {
  const disk = demoDiskBytes({ blocks })
  for (let number = 1; number <= 40; number++) writeNumber(disk, blocks, number)
  for (const writes of ['block', 'record'] as const) {
    writeNumber(disk, blocks, 41, writes)
    expect(verifyDemoDisk(disk)).toMatchObject({ ok: true, counter: 40 })
  }
})

it('every flipped byte in data, record or state is found', () => {
  const disk = demoDiskBytes({ blocks })
  for (let number = 1; number <= 1500; number++) writeNumber(disk, blocks, number)
  const areas = [
    { start: stateLba * sectorBytes, length: 20 },
    { start: ringLba * sectorBytes, length: ringLength * sectorBytes },
    { start: dataLba * sectorBytes, length: blocks * 4096 },
  ]
  fc.assert(
    fc.property(fc.constantFrom(...areas), fc.nat(), fc.integer({ min: 1, max: 255 }), (area, position, change) => {
      const copy = Buffer.from(disk)
      const offset = area.start + (position % area.length)
      copy[offset] = (copy[offset] as number) ^ change
      expect(verifyDemoDisk(copy).ok).toBe(false)
    }),
    { numRuns: 60 },
  )
})

it('a copy made while the guest wrote on carries blocks from the future and fails', () => {
  const disk = demoDiskBytes({ blocks })
  for (let number = 1; number <= 100; number++) writeNumber(disk, blocks, number)
  const copy = Buffer.from(disk)
  for (let number = 101; number <= 140; number++) writeNumber(disk, blocks, number)
  disk.copy(copy, dataLba * sectorBytes, dataLba * sectorBytes)
  const verdict = verifyDemoDisk(copy)
  expect(verdict.ok).toBe(false)
  expect(verdict.problems.join()).toContain('from the future')
})

it('a copy whose data is older than its records fails', () => {
  const disk = demoDiskBytes({ blocks })
  const copy = Buffer.from(disk)
  for (let number = 1; number <= 100; number++) writeNumber(disk, blocks, number)
  disk.copy(copy, 0, 0, dataLba * sectorBytes)
  expect(verifyDemoDisk(copy).problems.join()).toContain('stale')
})

it('something else than a demo disk, or a piece of one, is refused', () => {
  expect(verifyDemoDisk(Buffer.alloc(1 << 20)).ok).toBe(false)
  expect(verifyDemoDisk(new Uint8Array(0)).ok).toBe(false)
  expect(verifyDemoDisk(demoDiskBytes({ blocks }).subarray(0, 3 << 20)).ok).toBe(
    verifyDemoDisk(demoDiskBytes({ blocks })).ok,
  )
  expect(verifyDemoDisk(demoDiskBytes({ blocks }).subarray(0, 2 << 20)).problems).toEqual(['The disk is cut short.'])
})

it('a state sector tells its number, beyond 32 bits too, and nothing when it is damaged', () => {
  expect(counterOf(stateSector(2 ** 40 + 5))).toBe(2 ** 40 + 5)
  const damaged = stateSector(7)
  damaged[8] = 8
  expect(counterOf(damaged)).toBeNull()
  expect(counterOf(Buffer.alloc(3))).toBeNull()
})

it('blocks are chosen all over the disk', () => {
  const chosen = new Set(Array.from({ length: 2000 }, (_, index) => blockOf(index + 1, 512)))
  expect(chosen.size).toBeGreaterThan(480)
})

it('a sector never written is no record, and a damaged one is told apart', () => {
  expect(recordOf(blankRecord, 3)).toBeNull()
  expect(recordOf(Buffer.alloc(512, 0x20), 3)).toBeUndefined()
})

it('the qcow2 file holds the bytes, leaves zeros out and passes qemu-img', async () => {
  using dir = tempDir()
  const words = new Uint32Array(1024)
  fillBlock(words, 1, 2)
  const content = Buffer.alloc(700_000)
  Buffer.from(words.buffer).copy(content, 600_000)
  writeFileSync(dir.file('a.qcow2'), qcow2File(content, 1 << 30))
  await run('qemu-img', 'check', '-q', dir.file('a.qcow2'))
  await run('qemu-img', 'convert', '-O', 'raw', dir.file('a.qcow2'), dir.file('a.raw'))
  writeFileSync(dir.file('b.raw'), content)
  await run('qemu-img', 'resize', '-q', '-f', 'raw', dir.file('b.raw'), '1G')
  await run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', dir.file('a.raw'), dir.file('b.raw'))
  writeFileSync(dir.file('demo.qcow2'), demoDiskFile({ blocks }))
  await run('qemu-img', 'check', '-q', dir.file('demo.qcow2'))
})
