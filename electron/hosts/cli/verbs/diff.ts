import type { Point } from '../../../../shared/domain/point.ts'
import type { PointDifference } from '../../../../shared/domain/retention.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import type { Context, Given, Verb } from '../context.ts'
import { findPoint } from '../lookups.ts'
import { valueIn } from '../problem.ts'

/** More are only for scripts. */
const rangesShown = 20

async function diff({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const floe = await client()
  const from = await findPoint(floe, given.words[0] ?? '')
  const to = await findPoint(floe, given.words[1] ?? '')
  const difference = valueIn(await floe.invoke('points.diff', { from: from.id, to: to.id }))
  output.document({ from: from.id, to: to.id, ...difference })
  const time = (point: Point) => formatExactTime(point.createdAt, { now: dependencies.now(), locale: 'en' })
  output.line(`First   ${from.id}  ${from.machineName}, ${time(from)}`)
  output.line(`Second  ${to.id}  ${to.machineName}, ${time(to)}`)
  for (const disk of difference.disks) for (const line of diskLines(disk)) output.line(line)
  return 0
}

type DiskDifference = PointDifference['disks'][number]

function diskLines({ diskId, change, bytes, ranges }: DiskDifference): string[] {
  return [`${diskId}: ${changeWords(change, bytes, ranges.length)}`, ...rangeLines(ranges)]
}

function changeWords(change: DiskDifference['change'], bytes: number, count: number): string {
  const amount = formatBytes(bytes, 'decimal', 'en')
  const differ = `${amount} differ${count === 0 ? '' : `, in ${count} ${count === 1 ? 'range' : 'ranges'}`}`
  switch (change) {
    case 'same':
      return 'the same'
    case 'changed':
      return differ
    case 'resized':
      return `another size; ${differ}`
    case 'added':
      return `only in the second, ${amount}`
    case 'removed':
      return `only in the first, ${amount}`
  }
}

function rangeLines(ranges: DiskDifference['ranges']): string[] {
  if (ranges.length === 0) return []
  const shown = ranges.slice(0, rangesShown).map(({ offset, length }) => [`${offset}`, `${length}`] as const)
  const width = (column: 0 | 1) => Math.max(6, ...shown.map((row) => row[column].length))
  const line = (offset: string, length: string) => `  ${offset.padStart(width(0))}  ${length.padStart(width(1))}`
  const more = ranges.length - shown.length
  return [
    line('OFFSET', 'LENGTH'),
    ...shown.map(([offset, length]) => line(offset, length)),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ]
}

export const diffVerbs: readonly Verb[] = [
  {
    name: 'diff',
    usage: 'P1 P2',
    summary: 'Show where the disks of two restore points differ',
    help: [
      ['P1 P2', 'two restore points of one machine; offsets and lengths are bytes of the disk'],
      ['--json', `all ranges; without it at most ${rangesShown} of each disk`],
    ],
    options: {},
    words: [2, 2],
    run: diff,
  },
]
