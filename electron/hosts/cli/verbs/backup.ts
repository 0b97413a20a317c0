import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { wayWords } from '../../../../shared/text/consistency-words.ts'
import { describeJob } from '../../../../shared/text/job-words.ts'
import type { FloeClient } from '../../../core/gate/client.ts'
import { assertCouldStart, tellPreview } from '../backup-preview.ts'
import { consistencyText } from '../consistency.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { freezeHelp, freezeOptions, freezeUsage, freezeWishes, mountpointWishes } from '../freeze-options.ts'
import { kindText } from '../kind.ts'
import { findDestination, findMachine } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn } from '../problem.ts'
import { parseRate } from '../rate.ts'

async function backup(context: Context, given: Given): Promise<number> {
  const wishes = wishesOf(given)
  const client = await context.client()
  const machine = await findMachine(client, given.words[0] ?? '')
  const to = textOption(given, 'to')
  const destination = to === null ? null : await findDestination(client, to)
  if (given.options['dry-run'] === true) return preview(context, client, { machine, destination, wishes })
  const job = await runJob(context, client, () =>
    client.invoke('backup.start', { machineId: machine.id, destinationId: destination?.id ?? null, ...wishes }),
  )
  const pointId = job.result?.pointId ?? job.pointId
  if (pointId === null) {
    throw new CommandFailed(problemOf('backup/not-recorded', 'The backup ended without a restore point.'))
  }
  const point = valueIn(await client.invoke('points.get', { pointId }))
  if (wishes.prove) assertProven(job, point)
  tellFinished(context, job, point, wishes.prove)
  return 0
}

/** @throws WrongUsage */
function wishesOf(given: Given) {
  const limitText = textOption(given, 'limit')
  const disks = given.options.disk
  const kind: 'automatic' | 'full' = given.options.full === true ? 'full' : 'automatic'
  return {
    diskIds: Array.isArray(disks) ? disks.map(String) : null,
    kind,
    limit: limitText === null ? null : parseRate(limitText),
    check: given.options['no-check'] !== true,
    prove: given.options.prove === true,
    ...freezeWishes(given),
    mountpoints: mountpointWishes(given),
    whenPossible: given.options['when-possible'] === true,
  }
}

interface Wished {
  readonly machine: Machine
  readonly destination: Destination | null
  readonly wishes: ReturnType<typeof wishesOf>
}

async function preview({ output }: Context, client: FloeClient, { machine, destination, wishes }: Wished) {
  const { diskIds, kind, freeze, requireFreeze, whenPossible } = wishes
  const machineId = machine.id
  const destinationId = destination?.id ?? null
  const shown = valueIn(
    await client.invoke('backup.preview', { machineId, destinationId, diskIds, kind, freeze, requireFreeze }),
  )
  const places = valueIn(await client.invoke('destinations.list', {}))
  const place = places.find(({ id }) => id === shown.destinationId)
  const names = { machine: machine.name, destination: place?.name ?? shown.destinationId }
  tellPreview(output, shown, names)
  assertCouldStart(output, shown, names, whenPossible)
  return 0
}

/** Nothing is called proven that is not. @throws CommandFailed `backup/proof-failed` */
function assertProven({ id: jobId }: Job, { id, verification }: Point): void {
  if (verification?.level === 'live' && verification.ok) return
  const text = `Restore point ${id} was recorded, but it was not proven.`
  throw new CommandFailed(problemOf('backup/proof-failed', text, { remedy: `Check it with: floe verify ${id}` }), {
    details: { jobId },
  })
}

function tellFinished({ output, dependencies }: Context, job: Job, point: Point, proven: boolean): void {
  output.document({ event: 'finished', jobId: job.id, point })
  const words = describeJob(job, { now: dependencies.now(), locale: 'en' })
  output.line(words.line === '' ? `${words.title}.` : `${words.title}: ${words.line}`)
  output.line(`Consistency: ${consistencyText(point)}.`)
  const pause = point.pausedMs === null ? '' : ` The guest stood still for ${Math.round(point.pausedMs)} ms.`
  output.line(`${wayWords(point.way)}${pause}`)
  if (proven) output.line('Proven: the point holds what the disks of the machine held at this instant.')
  const added = formatBytes(point.adds, 'decimal', 'en')
  output.line(`Restore point ${point.id}: ${kindText(point)}, ${added} added, in ${point.path}`)
}

export const backupVerbs: readonly Verb[] = [
  {
    name: 'backup',
    usage: `M [--to D] [--full] [--prove] [--dry-run] [--disk ID]... [--limit RATE] [--no-check]
       ${freezeUsage} [--mountpoint PATH]... [--when-possible]`,
    summary: 'Back up a machine, running or off: everything the first time, then what changed',
    help: [
      ['--to D', "destination (default: the machine's own, or the only one)"],
      ['--full', 'copy everything, whatever Floe knows of changes'],
      ['--prove', 'read the instant once more and compare the finished point with it, chunk by chunk'],
      ['--dry-run', 'show kind, reason and bytes, and what stands in the way; start nothing'],
      ['--disk ID', 'only this disk; may be repeated'],
      ['--limit RATE', 'at most this fast: 50M, 50MB/s, 1G (decimal), 50MiB/s, or bytes per second'],
      ['--no-check', 'return when the point is recorded, without reading the copy back'],
      ...freezeHelp('backup'),
      ['--mountpoint PATH', 'freeze only this mount point inside the guest; may be repeated (means --freeze)'],
      ['--when-possible', 'wait for a drive, a machine or another job that is in the way now, instead of failing'],
    ],
    options: {
      to: { type: 'string' },
      full: { type: 'boolean' },
      prove: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      disk: { type: 'string', multiple: true },
      limit: { type: 'string' },
      'no-check': { type: 'boolean' },
      ...freezeOptions,
      mountpoint: { type: 'string', multiple: true },
      'when-possible': { type: 'boolean' },
    },
    words: [1, 1],
    events: true,
    run: backup,
  },
]
