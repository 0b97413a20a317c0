import type { Job } from '../../shared/domain/job.ts'
import { type Moment, moments } from './schedules-moments.ts'

/** What becomes of a backup, and when. */
export interface Trouble {
  readonly fate:
    | 'good'
    | 'cancelled'
    | 'job-cancelled'
    | 'floe-restarted'
    | 'qemu-killed'
    | 'qemu-quit'
    /** While it copies, from before: QEMU finds no room, and somebody cancels it, or makes room. */
    | 'full-cancelled'
    | 'full-resumed'
  readonly moment: Moment
}

type End = Job['state']['kind']

const anyTime = ['cancelled', 'floe-restarted', 'qemu-killed', 'qemu-quit'] as const
const jobCancelled: Trouble = { fate: 'job-cancelled', moment: 'copying' }
const full: readonly Trouble[] = [
  { fate: 'full-cancelled', moment: 'preparing' },
  { fate: 'full-resumed', moment: 'preparing' },
]

/** All there is, what happens most while a backup copies more than once. */
export const troubles: readonly Trouble[] = [
  ...anyTime.flatMap((fate) => moments.map((moment) => ({ fate, moment }))),
  ...[jobCancelled, jobCancelled],
  ...[...full, ...full],
]

export const describeTrouble = ({ fate, moment }: Trouble, end: string): string => `${fate} while ${moment}: ${end}`

/** How a backup ends to which this happened, the usual first: a copy may just be over, or not have begun. */
export function endsOf({ fate, moment }: Trouble): readonly End[] {
  if (fate === 'good' || fate === 'full-resumed') return ['done']
  if (fate === 'full-cancelled') return ['cancelled']
  if (moment === 'recording' || moment === 'tidying') return ['done']
  if (fate === 'floe-restarted') {
    if (moment === 'starting') return ['done', 'failed']
    return moment === 'copying' ? ['done'] : ['failed']
  }
  const bad = fate === 'cancelled' ? 'cancelled' : 'failed'
  return moment === 'copying' ? [bad, 'done'] : [bad]
}

/**
 * What did not happen often enough among `turns`, in words: each trouble must have met its backup, and ended it as usual,
 * in half of its turns at least.
 */
export function missing(turns: readonly Trouble[], ends: ReadonlyMap<string, number>): readonly string[] {
  return [...new Set(turns)].flatMap((trouble) => {
    const wanted = Math.ceil(turns.filter((turn) => turn === trouble).length / 2)
    const isOpen = trouble.fate === 'floe-restarted' && trouble.moment === 'starting'
    const telling = isOpen ? endsOf(trouble) : endsOf(trouble).slice(0, 1)
    const seen = telling.reduce((sum, end) => sum + (ends.get(describeTrouble(trouble, end)) ?? 0), 0)
    return seen < wanted ? [`${describeTrouble(trouble, telling.join(' or '))} ${seen} times instead of ${wanted}`] : []
  })
}
