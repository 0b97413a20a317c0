import type { ProblemCode } from '../../../../shared/errors/codes.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { fileSystemsWords, wayWords } from '../../../../shared/text/consistency-words.ts'
import { consistencyMark, kindWords, verifiedMark } from '../../../../shared/text/point-words.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { findMachineOfPoints, findPoint } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn, WrongUsage } from '../problem.ts'
import { table } from '../table.ts'

const english = (now: Date) => ({ now, locale: 'en' })

async function list({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const floe = await client()
  const [text] = given.words
  const machineId = text === undefined ? null : await findMachineOfPoints(floe, text)
  const points = valueIn(await floe.invoke('points.list', { machineId }))
  output.document(points)
  const rows = points.map((point) => [
    point.id,
    point.machineName,
    formatExactTime(point.createdAt, english(dependencies.now())),
    kindWords(point),
    consistencyMark(point).text,
    verifiedMark(point).text,
    formatBytes(point.bytes, 'decimal', 'en'),
  ])
  for (const line of table(['ID', 'MACHINE', 'TIME', 'KIND', 'CONSISTENCY', 'STATE', 'SIZE'], rows)) output.line(line)
  if (points.length === 0) output.line('There is no restore point yet. Make one with: floe backup M')
  return 0
}

async function show({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const point = await findPoint(await client(), given.words[0] ?? '')
  output.document(point)
  const facts: [string, string][] = [
    ['Restore point', point.id],
    ['Machine', `${point.machineName} (${point.machineId})`],
    ['Time', formatExactTime(point.createdAt, english(dependencies.now()))],
    ['Kind', kindWords(point)],
    ['Consistency', [consistencyMark(point).text, point.consistencyReason].filter(Boolean).join(': ')],
    ['Way', wayWords(point.way)],
    ['State', verifiedMark(point).text],
    ['Size', formatBytes(point.bytes, 'decimal', 'en')],
    ['Folder', point.path],
  ]
  const frozen = point.freeze === null ? null : fileSystemsWords(point.freeze)
  if (frozen !== null) facts.push(['Frozen', frozen])
  if (point.pausedMs !== null) facts.push(['Guest paused', `${Math.round(point.pausedMs)} ms`])
  if (point.unreadable !== null) facts.push(['Problem', point.unreadable])
  for (const [name, value] of facts) output.line(`${name.padEnd(15)}${value}`)
  for (const disk of point.disks) {
    output.line(`Disk ${disk.id.padEnd(10)}${disk.file}, ${formatBytes(disk.virtualSize, 'decimal', 'en')}`)
  }
  return 0
}

/** The verdict of a verification, whatever way it was found out. */
const badPoint: ReadonlySet<ProblemCode> = new Set(['point/damaged', 'point/unreadable', 'point/file-missing'])

async function verify(context: Context, given: Given): Promise<number> {
  const level = textOption(given, 'level') ?? 'content'
  if (level !== 'structure' && level !== 'content') {
    throw new WrongUsage(`"${level}" is no level: use structure or content.`, 'verify')
  }
  const client = await context.client()
  try {
    const point = await findPoint(client, given.words[0] ?? '')
    const job = await runJob(context, client, () => client.invoke('points.verify', { pointId: point.id, level }))
    if (job.result?.ok === false) throw new CommandFailed(problemOf('point/damaged', 'The restore point is damaged.'))
    context.output.document({ event: 'finished', jobId: job.id, point: { id: point.id }, level, ok: true })
    context.output.line(`Restore point ${point.id} is good (${level}).`)
    return 0
  } catch (error) {
    if (!(error instanceof CommandFailed) || !badPoint.has(error.problem.code)) throw error
    throw new CommandFailed(error.problem, { exitStatus: 7, details: { ...error.details, ok: false, level } })
  }
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
    help: [],
    options: {},
    words: [0, 1],
    run: list,
  },
  { name: 'point', usage: 'P', summary: 'Show a restore point', help: [], options: {}, words: [1, 1], run: show },
  {
    name: 'verify',
    usage: 'P [--level structure|content]',
    summary: 'Check that a restore point is good',
    help: [['--level LEVEL', 'structure: qemu-img check; content (default): every byte against its checksum']],
    options: { level: { type: 'string' } },
    words: [1, 1],
    events: true,
    run: verify,
  },
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
