// What the demo guest writes, as functions of the number it counts: the same arithmetic as in guest/bios.S and
// guest/uefi.c, for creating the disk and for checking a copy of it.
import { crc32 } from 'node:zlib'
import { blockBytes, ringLength, sectorBytes } from './disk-layout.ts'

/** A 32-bit number to one that looks like chance. */
function mix(value: number): number {
  let x = Math.imul(value, 0x9e3779b1)
  x ^= x >>> 15
  x = Math.imul(x, 0x85ebca6b)
  return (x ^ (x >>> 13)) >>> 0
}

/** The block that number `counter` writes. */
export function blockOf(counter: number, blocks: number): number {
  return mix(counter % 2 ** 32) % blocks
}

/** The 1024 words (little endian) of a block as `counter` left it; 0 is how the disk was made. */
export function fillBlock(words: Uint32Array, block: number, counter: number): void {
  const low = counter % 2 ** 32
  words[0] = low
  words[1] = Math.floor(counter / 2 ** 32)
  words[2] = block
  let x = mix(Math.imul(block, 0x9e3779b1) ^ low)
  words[3] = x
  for (let index = 4; index < blockBytes / 4; index++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    words[index] = x
  }
}

export function stateSector(counter: number): Buffer {
  const sector = Buffer.alloc(sectorBytes)
  sector.write('FLOEDEMO', 0, 'latin1')
  sector.writeBigUInt64LE(BigInt(counter), 8)
  sector.writeUInt32LE(crc32(sector.subarray(0, 16)), 16)
  return sector
}

/** The number in a state sector; null when it is not one or does not add up. */
export function counterOf(sector: Buffer): number | null {
  if (sector.length < 20 || sector.toString('latin1', 0, 8) !== 'FLOEDEMO') return null
  if (sector.readUInt32LE(16) !== crc32(sector.subarray(0, 16))) return null
  return Number(sector.readBigUInt64LE(8))
}

export interface DemoRecord {
  readonly counter: number
  readonly block: number
}

const recordForm = /^FLOE DEMO RECORD ([0-9A-F]{16}) BLOCK ([0-9A-F]{8}) CRC ([0-9A-F]{8}) +\n$/

/**
 * A sector of the ring before its first record. Not zeros: an image would leave those out, and a QEMU that is killed
 * forgets where it put clusters that the guest did not flush (the BIOS has no flush).
 */
export const blankRecord: Buffer = Buffer.from(`${' '.repeat(sectorBytes - 1)}\n`)

/** The record in a sector of the ring; null for a sector never written, undefined for one that is not a record. */
export function recordOf(sector: Buffer, slot: number): DemoRecord | null | undefined {
  if (sector.equals(blankRecord)) return null
  const match = recordForm.exec(sector.toString('latin1'))
  if (!match) return undefined
  const [counter, block, sum] = match.slice(1).map((digits) => Number.parseInt(digits, 16)) as [number, number, number]
  return crc32(sector.subarray(0, 48)) === sum && counter % ringLength === slot ? { counter, block } : undefined
}
