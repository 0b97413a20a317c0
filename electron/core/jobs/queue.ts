// Who may start, and who waits for whom: pure. First come, first served for each claim. A job waits for every earlier
// job that has not ended and shares a claim with it. Claims `destination:...` are soft: "Start Now" steps over them.
// All others, `machine:...` above all, are hard and hold whatever anybody presses. What makes room on a destination steps
// over a job that has stopped there for lack of it, and over those that wait for that one: they would wait for ever else.

export interface Waiting<Id extends string> {
  readonly id: Id
  readonly claims: readonly string[]
  readonly running: boolean
  /** "Start Now" was pressed: soft claims do not hold it back. */
  readonly urgent: boolean
  /** It deletes. */
  readonly makesRoom: boolean
  /** It has begun, and goes on when there is room. */
  readonly lacksRoom: boolean
}

const softPrefix = 'destination:'

function shares(mine: readonly string[], theirs: readonly string[]): boolean {
  return mine.some((claim) => theirs.includes(claim))
}

const isSoft = (claim: string): boolean => claim.startsWith(softPrefix)

/** `full`: the destinations on which a job has stopped for lack of room. */
function holdsBack(job: Waiting<string>, other: Waiting<string>, full: ReadonlySet<string>): boolean {
  const stepsOver = (claim: string) =>
    (job.urgent && isSoft(claim)) || (job.makesRoom && full.has(claim) && (other.lacksRoom || !other.running))
  const claims = job.claims.filter((claim) => !stepsOver(claim))
  return shares(claims, other.claims)
}

/** Where a queued job stands: `position` counts the waiting ones from 1, `blockedBy` is the job right in front. */
export interface Place<Id extends string> {
  readonly position: number
  readonly blockedBy: Id | null
}

/** Place of each job that is not running, in the order of `jobs` (oldest first). `blockedBy: null` may start. */
export function places<Id extends string>(jobs: readonly Waiting<Id>[]): ReadonlyMap<Id, Place<Id>> {
  const result = new Map<Id, Place<Id>>()
  const full = new Set(jobs.flatMap(({ lacksRoom, claims }) => (lacksRoom ? claims.filter(isSoft) : [])))
  jobs.forEach((job, index) => {
    if (job.running) return
    const inFront = jobs.slice(0, index).filter((earlier) => holdsBack(job, earlier, full))
    // A later job that "Start Now" put on the machine first is in front too.
    const overtaken = jobs.slice(index + 1).filter((later) => later.running && holdsBack(job, later, full))
    const all = [...inFront, ...overtaken]
    result.set(job.id, {
      position: 1 + all.filter((other) => !other.running).length,
      blockedBy: all.at(-1)?.id ?? null,
    })
  })
  return result
}
