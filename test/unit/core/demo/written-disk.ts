import { crc32 } from 'node:zlib'
import { blockOf, fillBlock, stateSector } from '../../../../electron/core/demo/disk-content.ts'
import { dataLba, ringLba, ringLength, sectorBytes, stateLba } from '../../../../electron/core/demo/disk-layout.ts'

/** Does to the bytes what the guest does for one number; stops after the write named by `until`. */
export function writeNumber(
  disk: Buffer,
  blocks: number,
  number: number,
  until: 'block' | 'record' | 'state' = 'state',
): void {
  const block = blockOf(number, blocks)
  const words = new Uint32Array(1024)
  fillBlock(words, block, number)
  Buffer.from(words.buffer).copy(disk, dataLba * sectorBytes + block * 4096)
  if (until === 'block') return
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')
  const text = `FLOE DEMO RECORD ${hex(number, 16)} BLOCK ${hex(block, 8)}`
  const record = `${text} CRC ${hex(crc32(text), 8)}`.padEnd(511)
  disk.write(`${record}\n`, (ringLba + (number % ringLength)) * sectorBytes, 'latin1')
  if (until === 'record') return
  stateSector(number).copy(disk, stateLba * sectorBytes)
}
