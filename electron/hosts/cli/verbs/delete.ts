import type { Point } from '../../../../shared/domain/point.ts'
import type { DeletePreview, PointGuard } from '../../../../shared/domain/retention.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { assertSomebodyToAsk, confirm } from '../confirm.ts'
import type { Context, Given, Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { findPoint } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn } from '../problem.ts'

async function remove(context: Context, given: Given): Promise<number> {
  const { output } = context
  const evenProtected = given.options['even-protected'] === true
  if (given.options.yes !== true) assertSomebodyToAsk(context, given)
  const client = await context.client()
  const found: Point[] = []
  for (const word of given.words) found.push(await findPoint(client, word))
  const points = [...new Map(found.map((point) => [point.id, point])).values()]
  const pointIds = points.map((point) => point.id)
  const preview = valueIn(await client.invoke('points.deletePreview', { pointIds }))
  const guarded = preview.points.filter(({ guards }) => guards.length > 0)
  if (guarded.length > 0 && !evenProtected) throw protectedPoints(guarded)
  const what = points.length === 1 ? 'this restore point' : `these ${points.length} restore points`
  await confirm(context, given, [
    ...points.flatMap((point) => pointLines(point, preview)),
    ...(preview.movedBytes === 0 ? [] : [`${size(preview.movedBytes)} have to be moved, which takes its time.`]),
    `Delete ${what}, ${size(preview.freedBytes)}? This can't be undone.`,
  ])
  const job = await runJob(context, client, () =>
    client.invoke('points.delete', { pointIds, evenProtected: guarded.map(({ pointId }) => pointId) }),
  )
  const freed = job.result?.bytes ?? 0
  output.document({ event: 'finished', jobId: job.id, deleted: pointIds, freedBytes: freed })
  output.line(`Deleted ${what}: ${size(freed)} freed.`)
  return 0
}

type Entry = DeletePreview['points'][number]

const guardWords: Readonly<Record<PointGuard, string>> = {
  pinned: 'pinned',
  'last-good': 'the last good one of its machine there',
  'last-verified': 'the last one whose content was verified',
}

const guardText = ({ guards }: Entry) => guards.map((guard) => guardWords[guard]).join(', ')

function protectedPoints(guarded: readonly Entry[]): CommandFailed {
  const [first, ...others] = guarded.map((entry) => `${entry.pointId} (${guardText(entry)})`)
  const text =
    others.length === 0
      ? `Restore point ${first} is protected.`
      : `These restore points are protected: ${[first, ...others].join('; ')}.`
  return new CommandFailed(
    problemOf('point/protected', text, {
      params: { pointIds: guarded.map(({ pointId }) => pointId).join(' ') },
      remedy: 'Nothing was deleted. To delete it all the same, add --even-protected.',
    }),
  )
}

function pointLines({ id, machineName, createdAt }: Point, preview: DeletePreview): string[] {
  const lines = [`  ${id}  ${machineName}  ${createdAt}`]
  const entry = preview.points.find(({ pointId }) => pointId === id)
  if (entry === undefined) return lines
  if (entry.guards.length > 0) lines.push(`    protected: ${guardText(entry)}`)
  const [heir] = entry.dependents
  const count = entry.dependents.length
  const over = count === 1 ? '1 later point lies over it' : `${count} later points lie over it`
  if (heir !== undefined) lines.push(`    ${over}; its data moves into ${heir} first`)
  return lines
}

const size = (bytes: number) => formatBytes(bytes, 'decimal', 'en')

export const deleteVerbs: readonly Verb[] = [
  {
    name: 'delete',
    usage: 'P... [--even-protected] [--yes]',
    summary: 'Delete restore points; later ones that need their data keep it',
    help: [
      ['--even-protected', 'also points that are pinned, or the last good or last verified one of their machine'],
      ['--yes', 'do not ask'],
    ],
    options: { 'even-protected': { type: 'boolean' }, yes: { type: 'boolean' } },
    words: [1, Number.POSITIVE_INFINITY],
    events: true,
    run: remove,
  },
]
