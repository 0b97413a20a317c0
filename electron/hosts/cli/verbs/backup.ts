import { formatBytes } from '../../../../shared/format/bytes.ts'
import { wayWords } from '../../../../shared/text/consistency-words.ts'
import { describeJob } from '../../../../shared/text/job-words.ts'
import { consistencyText } from '../consistency.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { freezeWishes } from '../freeze-options.ts'
import { findDestination, findMachine } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn } from '../problem.ts'
import { parseRate } from '../rate.ts'

async function backup(context: Context, given: Given): Promise<number> {
  const { output, dependencies } = context
  const limitText = textOption(given, 'limit')
  const limit = limitText === null ? null : parseRate(limitText)
  const wishes = freezeWishes(given)
  const client = await context.client()
  const machine = await findMachine(client, given.words[0] ?? '')
  const to = textOption(given, 'to')
  const destination = to === null ? null : await findDestination(client, to)
  const disks = given.options.disk
  const job = await runJob(context, client, () =>
    client.invoke('backup.start', {
      machineId: machine.id,
      destinationId: destination?.id ?? null,
      diskIds: Array.isArray(disks) ? disks.map(String) : null,
      limit,
      check: given.options['no-check'] !== true,
      ...wishes,
      whenPossible: given.options['when-possible'] === true,
    }),
  )
  const pointId = job.result?.pointId ?? job.pointId
  if (pointId === null) {
    throw new CommandFailed(problemOf('backup/not-recorded', 'The backup ended without a restore point.'))
  }
  const point = valueIn(await client.invoke('points.get', { pointId }))
  output.document({ event: 'finished', jobId: job.id, point })
  const words = describeJob(job, { now: dependencies.now(), locale: 'en' })
  output.line(words.line === '' ? `${words.title}.` : `${words.title}: ${words.line}`)
  const copied = point.disks.reduce((sum, disk) => sum + disk.bytesCopied, 0)
  output.line(`Restore point ${point.id}: ${formatBytes(copied, 'decimal', 'en')} copied, in ${point.path}`)
  output.line(`Consistency: ${consistencyText(point)}.`)
  const pause = point.pausedMs === null ? '' : ` The guest stood still for ${Math.round(point.pausedMs)} ms.`
  output.line(`${wayWords(point.way)}${pause}`)
  return 0
}

export const backupVerbs: readonly Verb[] = [
  {
    name: 'backup',
    usage: 'M [--to D] [--disk ID]... [--limit RATE] [--no-check] [--no-freeze | --require-freeze] [--when-possible]',
    summary: 'Back up a machine, running or off',
    help: [
      ['--to D', "destination (default: the machine's own, or the only one)"],
      ['--disk ID', 'only this disk; may be repeated'],
      ['--limit RATE', 'at most this fast: 50M, 50MB/s, 1G (decimal), 50MiB/s, or bytes per second'],
      ['--no-check', 'return when the point is recorded, without reading the copy back'],
      ['--no-freeze', 'do not ask the guest to freeze its file systems'],
      ['--require-freeze', 'no backup when the guest cannot be frozen'],
      ['--when-possible', 'wait for a drive, a machine or another job that is in the way now, instead of failing'],
    ],
    options: {
      to: { type: 'string' },
      disk: { type: 'string', multiple: true },
      limit: { type: 'string' },
      'no-check': { type: 'boolean' },
      'no-freeze': { type: 'boolean' },
      'require-freeze': { type: 'boolean' },
      'when-possible': { type: 'boolean' },
    },
    words: [1, 1],
    events: true,
    run: backup,
  },
]
