// Who may start, and who waits for whom: pure. First come, first served for each claim. A job waits for every earlier
// job that has not ended and shares a claim with it. Claims `destination:...` are soft: "Start Now" steps over them.
// All others, `machine:...` above all, are hard and hold whatever anybody presses.

export interface Waiting<Id extends string> {
  readonly id: Id
  readonly claims: readonly string[]
  readonly running: boolean
  /** "Start Now" was pressed: soft claims do not hold it back. */
  readonly urgent: boolean
}

const softPrefix = 'destination:'

function shares(mine: readonly string[], theirs: readonly string[]): boolean {
  return mine.some((claim) => theirs.includes(claim))
}

function holdsBack(job: Waiting<string>, earlier: Waiting<string>): boolean {
  const claims = job.urgent ? job.claims.filter((claim) => !claim.startsWith(softPrefix)) : job.claims
  return shares(claims, earlier.claims)
}

/** Where a queued job stands: `position` counts the waiting ones from 1, `blockedBy` is the job right in front. */
export interface Place<Id extends string> {
  readonly position: number
  readonly blockedBy: Id | null
}

/** Place of each job that is not running, in the order of `jobs` (oldest first). `blockedBy: null` may start. */
export function places<Id extends string>(jobs: readonly Waiting<Id>[]): ReadonlyMap<Id, Place<Id>> {
  const result = new Map<Id, Place<Id>>()
  jobs.forEach((job, index) => {
    if (job.running) return
    const inFront = jobs.slice(0, index).filter((earlier) => holdsBack(job, earlier))
    // A later job that "Start Now" put on the machine first is in front too.
    const overtaken = jobs.slice(index + 1).filter((later) => later.running && holdsBack(job, later))
    const all = [...inFront, ...overtaken]
    result.set(job.id, {
      position: 1 + all.filter((other) => !other.running).length,
      blockedBy: all.at(-1)?.id ?? null,
    })
  })
  return result
}
