// Does a copy of the demo disk show one instant? The guest writes block, record and state one after the other, so at
// any instant the disk obeys the rules below. A copy made over a stretch of time (the image file of a running machine
// copied slowly, a backup that lets writes slip through) breaks them, though it opens and looks healthy.
import { blockOf, counterOf, fillBlock, recordOf } from './disk-content.ts'
import { blockBytes, configLba, dataLba, ringLba, ringLength, sectorBytes, stateLba, usedBytes } from './disk-layout.ts'

export interface DemoDiskVerdict {
  readonly ok: boolean
  /** The number in the state sector; null when that is damaged. */
  readonly counter: number | null
  /** What is wrong, a sentence each; empty when `ok`. */
  readonly problems: readonly string[]
}

/** Checks the raw bytes of a demo disk (its beginning is enough: up to the last data block). */
export function verifyDemoDisk(disk: Uint8Array): DemoDiskVerdict {
  const bytes = Buffer.from(disk.buffer, disk.byteOffset, disk.byteLength)
  const sector = (lba: number) => bytes.subarray(lba * sectorBytes, (lba + 1) * sectorBytes)
  const config = sector(configLba)
  if (config.length < sectorBytes || config.toString('latin1', 0, 8) !== 'FLOECONF') {
    return { ok: false, counter: null, problems: ['This is not a demo disk.'] }
  }
  const blocks = config.readUInt32LE(8)
  const counter = counterOf(sector(stateLba))
  if (bytes.length < usedBytes(blocks)) return { ok: false, counter, problems: ['The disk is cut short.'] }
  const problems: string[] = []
  if (counter === null) problems.push('The state sector is damaged.')
  const records = readRecords(bytes, problems)
  const newest = Math.max(0, ...records.keys())
  if (counter !== null && newest !== counter && newest !== counter + 1) {
    problems.push(`The state says ${counter}, but the newest record is ${newest}.`)
  }
  for (let number = Math.max(1, newest - ringLength + 1); number <= newest; number++) {
    if (!records.has(number)) problems.push(`Record ${number} is missing.`)
  }
  checkBlocks(bytes, blocks, records, newest, problems)
  return { ok: problems.length === 0, counter, problems }
}

/** Number -> block, from the ring. */
function readRecords(bytes: Buffer, problems: string[]): Map<number, number> {
  const records = new Map<number, number>()
  for (let slot = 0; slot < ringLength; slot++) {
    const start = (ringLba + slot) * sectorBytes
    const record = recordOf(bytes.subarray(start, start + sectorBytes), slot)
    if (record === undefined) problems.push(`Sector ${ringLba + slot} is not a whole record.`)
    else if (record !== null) records.set(record.counter, record.block)
  }
  return records
}

function checkBlocks(
  bytes: Buffer,
  blocks: number,
  records: ReadonlyMap<number, number>,
  newest: number,
  problems: string[],
): void {
  const lastWrite = new Map<number, number>()
  for (const [number, block] of [...records].sort(([a], [b]) => a - b)) lastWrite.set(block, number)
  const words = new Uint32Array(blockBytes / 4)
  const expected = Buffer.from(words.buffer)
  for (let block = 0; block < blocks; block++) {
    const start = dataLba * sectorBytes + block * blockBytes
    const found = bytes.subarray(start, start + blockBytes)
    const number = Number(found.readBigUInt64LE(0))
    const last = lastWrite.get(block) ?? 0
    fillBlock(words, block, number)
    if (!expected.equals(found)) problems.push(`Block ${block} is damaged.`)
    else if (number > newest + 1) {
      problems.push(`Block ${block} is from the future: it shows ${number}, the records end at ${newest}.`)
    } else if (number < last) {
      problems.push(`Block ${block} is stale: it shows ${number}, but ${last} wrote it.`)
    } else if (number > 0 && (blockOf(number, blocks) !== block || (number !== last && isRecorded(number, newest)))) {
      problems.push(`Block ${block} shows ${number}, which wrote another block.`)
    }
  }
}

function isRecorded(number: number, newest: number): boolean {
  return number <= newest && number > newest - ringLength
}
