import type { Destination } from '../../../../shared/domain/destination.ts'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Settings } from '../../../../shared/domain/settings.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import type { FloeClient } from '../../../core/gate/client.ts'
import { assertSomebodyToAsk, confirm } from '../confirm.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { findDestination, findMachineOfPoints } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn } from '../problem.ts'
import { counted, retentionLines } from '../retention-lines.ts'
import { policyGiven, policyHelp, policyOptions, policySaved, policyUsage } from '../retention-policy.ts'

/** The points of one machine on one destination. */
interface BackupSet {
  readonly machineId: MachineId
  readonly machineName: string
  readonly destination: Destination
  readonly points: readonly Point[]
}

async function prune(context: Context, given: Given): Promise<number> {
  const { output } = context
  const dryRun = given.options['dry-run'] === true
  const wished = policyGiven(given)
  if (!dryRun && given.options.yes !== true) assertSomebodyToAsk(context, given)
  const client = await context.client()
  const settings = valueIn(await client.invoke('settings.get', {}))
  const set = await chosenSet(client, given, settings)
  const { machineId, machineName, destination } = set
  const policy = wished ?? policySaved(given, settings, { id: machineId, name: machineName })
  const request = { machineId, destinationId: destination.id, policy }
  const preview = valueIn(await client.invoke('points.prunePreview', request))
  output.document({ event: 'preview', ...request, ...preview })
  for (const line of retentionLines(set, preview, context.dependencies.now())) output.line(line)
  const expected = preview.remove.map(({ pointId }) => pointId)
  if (expected.length === 0) {
    output.line('Nothing is to be removed.')
    if (!dryRun) output.document({ event: 'finished', jobId: null, deleted: [], freedBytes: 0 })
    return 0
  }
  if (dryRun) {
    output.line(`${size(preview.freedBytes)} would be freed.`)
    return 0
  }
  const what = counted(expected.length)
  await confirm(context, given, [`Remove ${what}, ${size(preview.freedBytes)}? This can't be undone.`])
  const job = await runJob(context, client, () => client.invoke('points.prune', { ...request, expected }))
  const freedBytes = job.result?.bytes ?? 0
  output.document({ event: 'finished', jobId: job.id, deleted: expected, freedBytes })
  output.line(`Removed ${what}: ${size(freedBytes)} freed.`)
  return 0
}

/** @throws CommandFailed `destination/none` when several hold points of the machine and none is its own */
async function chosenSet(client: FloeClient, given: Given, settings: Settings): Promise<BackupSet> {
  const machineId = await findMachineOfPoints(client, given.words[0] ?? '')
  const points = valueIn(await client.invoke('points.list', { machineId })).filter(
    (point) => point.machineId === machineId,
  )
  const machines = valueIn(await client.invoke('machines.list', {}))
  const machineName =
    machines.find((machine) => machine.id === machineId)?.name ?? points[0]?.machineName ?? String(machineId)
  const to = textOption(given, 'to')
  const destination =
    to === null ? await ownDestination(client, settings, machineId, points) : await findDestination(client, to)
  return {
    machineId,
    machineName,
    destination,
    points: points.filter((point) => point.destinationId === destination.id),
  }
}

async function ownDestination(client: FloeClient, settings: Settings, machineId: MachineId, points: readonly Point[]) {
  const all = valueIn(await client.invoke('destinations.list', {}))
  const holding = all.filter(({ id }) => points.some((point) => point.destinationId === id))
  const candidates = holding.length > 0 ? holding : all
  const own = [settings.destinationByMachine[machineId], settings.defaultDestinationId]
    .map((id) => candidates.find((destination) => destination.id === id))
    .find((destination) => destination !== undefined)
  const [only, ...others] = candidates
  if (own !== undefined) return own
  if (only !== undefined && others.length === 0) return only
  const text = only ? 'Several destinations hold restore points of this machine.' : 'There is no destination yet.'
  throw new CommandFailed(problemOf('destination/none', text, { params: { count: candidates.length } }))
}

const size = (bytes: number) => formatBytes(bytes, 'decimal', 'en')

export const pruneVerbs: readonly Verb[] = [
  {
    name: 'prune',
    usage: `M [--to D] ${policyUsage}
       [--dry-run] [--yes]`,
    summary: 'Remove the restore points of a machine that no rule keeps any more',
    help: [
      ['--to D', "on this destination (default: the machine's own, or the only one that holds points of it)"],
      ...policyHelp,
      ['--dry-run', 'show what would stay and go, and why; remove nothing'],
      ['--yes', 'do not ask'],
      ['', 'pinned points, the last good and the last verified one always stay; all numbers count points, not time'],
    ],
    options: {
      to: { type: 'string' },
      ...policyOptions,
      'dry-run': { type: 'boolean' },
      yes: { type: 'boolean' },
    },
    words: [1, 1],
    events: true,
    run: prune,
  },
]
