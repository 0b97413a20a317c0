// Everything about one restore point, line by line.
import type { Point, PointDisk } from '../../../shared/domain/point.ts'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../shared/format/dates.ts'
import { fileSystemsWords, partialWords, wayWords } from '../../../shared/text/consistency-words.ts'
import { consistencyMark, verifiedMark } from '../../../shared/text/point-words.ts'
import { kindSentence } from './kind.ts'

export function pointLines(point: Point, now: Date): string[] {
  const facts = [...identity(point, now), ...bytesAndStorage(point), ...worth(point), ...troubles(point)]
  return [...facts.map(([name, value]) => `${name.padEnd(15)}${value}`), ...point.disks.flatMap(diskLines)]
}

type Fact = readonly [name: string, value: string]

function identity(point: Point, now: Date): Fact[] {
  return [
    ['Restore point', point.id],
    ['Machine', `${point.machineName} (${point.machineId})`],
    ['Time', formatExactTime(point.createdAt, { now, locale: 'en' })],
    ['Kind', kindSentence({ ...point, reason: point.kindReason })],
    ...(point.parentId === null ? [] : [['Started from', point.parentId] as const]),
  ]
}

function bytesAndStorage({ adds, bytes, storage, needs, pinned, path }: Point): Fact[] {
  return [
    ['Adds', size(adds)],
    ['On disk', size(bytes)],
    ['Storage', storage],
    ['Needs', needs.length === 0 ? 'no other point' : needs.join(', ')],
    ['Pinned', pinned ? 'yes' : 'no'],
    ['Folder', path],
  ]
}

function worth(point: Point): Fact[] {
  const frozen = point.freeze === null ? null : (partialWords(point.freeze) ?? fileSystemsWords(point.freeze))
  return [
    ['Consistency', [consistencyMark(point).text, point.consistencyReason].filter(Boolean).join(': ')],
    ['Way', wayWords(point.way)],
    ...(frozen === null ? [] : [['Frozen', frozen] as const]),
    ...(point.pausedMs === null ? [] : [['Guest paused', `${Math.round(point.pausedMs)} ms`] as const]),
    ['State', verifiedMark(point).text],
  ]
}

function troubles({ id, unreadable, verification }: Point): Fact[] {
  const facts: Fact[] = unreadable === null ? [] : [['Problem', unreadable]]
  if (verification === null || verification.ok) return facts
  const { damage, foundIn } = verification
  const where = foundIn === null || foundIn === id ? '' : ` (found in ${foundIn})`
  if (damage.length === 0) return [...facts, ['Damage', `Bytes it needs are damaged${where}.`]]
  return [...facts, ...damage.map(({ text }): Fact => ['Damage', `${text}${where}`])]
}

function diskLines({ id, file, virtualSize, bytesCopied, basis, basisReason }: PointDisk): string[] {
  const how = basis === 'all' ? ', all of it' : ` by ${basis}`
  const line = `Disk ${id.padEnd(10)}${file}, ${size(virtualSize)}; ${size(bytesCopied)} copied${how}`
  return [line, ...(basisReason === '' ? [] : [`${' '.repeat(15)}${basisReason}`])]
}

const size = (bytes: number) => formatBytes(bytes, 'decimal', 'en')
