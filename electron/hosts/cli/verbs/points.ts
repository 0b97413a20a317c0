import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { consistencyMark, kindWords, verifiedMark } from '../../../../shared/text/point-words.ts'
import type { Context, Given, Verb } from '../context.ts'
import { findMachineOfPoints, findPoint } from '../lookups.ts'
import { pointLines } from '../point-facts.ts'
import { valueIn } from '../problem.ts'
import { table } from '../table.ts'

const columns = [
  'ID',
  'MACHINE',
  'TIME',
  'KIND',
  'BASIS',
  'ADDS',
  'ON DISK',
  'CONSISTENCY',
  'VERIFIED',
  'PINNED',
  'WHY',
]

async function list({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const floe = await client()
  const [text] = given.words
  const machineId = text === undefined ? null : await findMachineOfPoints(floe, text)
  const points = valueIn(await floe.invoke('points.list', { machineId }))
  output.document(points)
  const rows = points.map((point) => [
    point.id,
    point.machineName,
    formatExactTime(point.createdAt, { now: dependencies.now(), locale: 'en' }),
    kindWords(point),
    point.basis,
    formatBytes(point.adds, 'decimal', 'en'),
    formatBytes(point.bytes, 'decimal', 'en'),
    consistencyMark(point).text,
    verifiedMark(point).text,
    point.pinned ? 'pinned' : '',
    point.kindReason,
  ])
  for (const line of table(columns, rows)) output.line(line)
  if (points.length === 0) output.line('There is no restore point yet. Make one with: floe backup M')
  return 0
}

async function show({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const point = await findPoint(await client(), given.words[0] ?? '')
  output.document(point)
  for (const line of pointLines(point, dependencies.now())) output.line(line)
  return 0
}

async function pin({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const { id } = await findPoint(floe, given.words[0] ?? '')
  const pinned = given.verb === 'pin'
  output.document(valueIn(await floe.invoke('points.pin', { pointId: id, pinned })))
  output.line(pinned ? `Pinned ${id}: it stays, whatever is pruned.` : `${id} is not pinned.`)
  return 0
}

export const pointVerbs: readonly Verb[] = [
  {
    name: 'points',
    usage: '[M]',
    summary: 'List restore points, newest first',
    help: [
      ['BASIS', 'how Floe knew what to copy: bitmap, comparison, or all'],
      ['ADDS', 'bytes the backup had to copy; every point restores the whole machine'],
      ['WHY', 'the reason for the kind and the basis'],
      ['ON DISK', 'bytes counted for the point; the sum over all points is what they take up together'],
    ],
    options: {},
    words: [0, 1],
    run: list,
  },
  { name: 'point', usage: 'P', summary: 'Show a restore point', help: [], options: {}, words: [1, 1], run: show },
  {
    name: 'pin',
    usage: 'P',
    summary: 'Protect a restore point from pruning and deletion',
    help: [],
    options: {},
    words: [1, 1],
    run: pin,
  },
  {
    name: 'unpin',
    usage: 'P',
    summary: 'Take the protection of a pin away',
    help: [],
    options: {},
    words: [1, 1],
    run: pin,
  },
]
