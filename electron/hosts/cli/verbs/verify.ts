import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { ProblemCode } from '../../../../shared/errors/codes.ts'
import type { FloeClient } from '../../../core/gate/client.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { runJob } from '../follow-job.ts'
import { findPoint } from '../lookups.ts'
import { CommandFailed, problemOf, valueIn, WrongUsage } from '../problem.ts'

/** The verdict of a verification, whatever way it was found out. */
const badPoint: ReadonlySet<ProblemCode> = new Set(['point/damaged', 'point/unreadable', 'point/file-missing'])

async function verify(context: Context, given: Given): Promise<number> {
  const level = textOption(given, 'level') ?? 'content'
  if (level !== 'structure' && level !== 'content') {
    throw new WrongUsage(`"${level}" is not a level: use structure or content.`, 'verify')
  }
  const { output } = context
  const client = await context.client()
  const { id } = await findPoint(client, given.words[0] ?? '')
  try {
    const job = await runJob(context, client, () => client.invoke('points.verify', { pointId: id, level }))
    if (job.result?.ok === false) throw new CommandFailed(problemOf('point/damaged', 'The restore point is damaged.'))
    output.document({ event: 'finished', jobId: job.id, point: { id }, level, ok: true })
    output.line(`Restore point ${id} is good (${level}).`)
    return 0
  } catch (error) {
    if (!(error instanceof CommandFailed) || !badPoint.has(error.problem.code)) throw error
    const others = await affectedWith(client, id)
    const affected = others.map((point) => point.id)
    const { problem } = error
    const told = output.json ? problem : { ...problem, causes: [...problem.causes, ...others.map(alsoDamaged)] }
    throw new CommandFailed(told, { exitStatus: 7, details: { ...error.details, ok: false, level, affected } })
  }
}

/** Other points that are damaged by what was found in this one. */
async function affectedWith(client: FloeClient, id: PointId): Promise<readonly Point[]> {
  const points = valueIn(await client.invoke('points.list', { machineId: null }))
  return points.filter(
    ({ id: other, verification }) => other !== id && verification?.ok === false && verification.foundIn === id,
  )
}

const alsoDamaged = ({ id, machineName, createdAt }: Point) => `Also damaged: ${id}, ${machineName}, ${createdAt}`

export const verifyVerbs: readonly Verb[] = [
  {
    name: 'verify',
    usage: 'P [--level structure|content]',
    summary: 'Check that a restore point is good',
    help: [
      ['--level LEVEL', 'structure: qemu-img check; content (default): every byte against its checksum'],
      ['Exit status', '0 when it is good, 7 when it is not; the other points that share the damage are named'],
    ],
    options: { level: { type: 'string' } },
    words: [1, 1],
    events: true,
    run: verify,
  },
]
