// Keeping a verdict, and marking every other restore point that it concerns. A mark is a verdict of its own in that
// point's folder, with `foundIn` naming the point whose check found the damage: it blocks restores until the point itself,
// or the one where it was found, verifies well again.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import type { Ports } from '../ports/index.ts'
import { syncFolder } from './durable-file.ts'
import { verificationFile } from './names.ts'
import type { StoredPoint } from './scan.ts'
import { placed, reachedBy, reachedDamage } from './spreading.ts'
import { type KnownImage, knownImages, mostRead, stillDamaged } from './spreading-evidence.ts'
import { joined, keptVerdict, readVerification, replaces, writeVerification } from './verification-file.ts'

export interface Concerned {
  readonly ports: Ports
  /** The point that was checked. */
  readonly point: Point
  /**
   * All points of its machine in its destination, itself too. Asked once the verdict is kept: a point that is recorded
   * later looks at the verdict itself.
   */
  readonly siblings: () => readonly StoredPoint[]
  readonly signal: AbortSignal
}

/** Writes a verdict; that it could not be kept is told in the log, because the verdict itself stands. */
async function keep({ ports }: Pick<Concerned, 'ports'>, point: Point, verdict: Verification): Promise<void> {
  await writeVerification(point.path, point.id, verdict).catch((error: unknown) => {
    ports.logger.error('The verdict on a restore point could not be kept', { point: point.id, error: String(error) })
  })
}

interface Reach {
  /** What is damaged in each other point. */
  readonly damage: ReadonlyMap<PointId, readonly Damage[]>
  /** Points that might have shared damaged bytes, and show them as they should be. */
  readonly sound: ReadonlySet<PointId>
}

/** One point to be judged; `foundAt`: of the point whose check found the damage. `most` bytes of it are read. */
interface Judged {
  readonly id: PointId
  readonly foundAt: string
  readonly most: number
}

/** Which other points (or only that one, however much is to be read) the damage reaches, looked at one by one where that can be done. */
async function reachOf(
  { ports, point, signal }: Pick<Concerned, 'ports' | 'point' | 'signal'>,
  images: readonly KnownImage[],
  found: readonly Damage[],
  only: Judged | null = null,
): Promise<Reach> {
  const damage = new Map<PointId, Damage[]>()
  const doubted = new Set<PointId>()
  const all = reachedBy(images, point.id, found)
  const most = only === null ? mostRead : only.most
  const foundAt = only?.foundAt ?? point.createdAt
  for (const reached of only === null ? all : all.filter(({ image }) => image.pointId === only.id)) {
    const { pointId, diskId } = reached.image
    const image = images.find((other) => other.pointId === pointId && other.diskId === diskId) as KnownImage
    doubted.add(pointId)
    const ranges = reached.ranges === null ? null : await stillDamaged(ports, image, reached.ranges, signal, most)
    if (ranges?.length === 0) continue
    damage.set(pointId, [...(damage.get(pointId) ?? []), ...reachedDamage({ ...reached, ranges }, foundAt)])
  }
  return { damage, sound: new Set([...doubted].filter((id) => !damage.has(id))) }
}

/** Only the point that was proven itself was compared with the machine. */
const markOf = (verdict: Verification, damage: readonly Damage[], foundIn: PointId): Verification => ({
  ...verdict,
  level: verdict.level === 'live' ? 'content' : verdict.level,
  damage: [...damage],
  foundIn,
})

/** Damage of the content is the last to pass by itself. */
const tellsMore = (mark: Verification, known: Verification | undefined): boolean =>
  known === undefined || (known.level === 'structure' && mark.level !== 'structure')

/** Marks every other point that the verdict's damage reaches, except those of which as much is known already. */
async function markOthers(
  concerned: Concerned,
  siblings: readonly StoredPoint[],
  verdict: Verification,
  reach: Reach,
): Promise<void> {
  for (const { point } of siblings) {
    const damage = reach.damage.get(point.id)
    if (damage === undefined) continue
    const mark = markOf(verdict, damage, concerned.point.id)
    const known = await readVerification(point.path)
    if (known?.ok !== false) await keep(concerned, point, mark)
    else if (tellsMore(mark, known))
      await keep(concerned, point, known.foundIn === null ? joined(mark, known, point) : mark)
  }
}

/**
 * Takes the marks away that this point's damage had made, a sound structure only those of a broken one; what another
 * point's damage reaches is marked by that one then.
 */
async function clearMarks(
  { ports, point, signal }: Concerned,
  siblings: readonly StoredPoint[],
  level: Verification['level'],
): Promise<void> {
  const verdicts = await verdictsOf(siblings)
  const isRefuted = (verdict: Verification | null | undefined) =>
    verdict?.foundIn === point.id && (level !== 'structure' || verdict.level === 'structure')
  const marked = siblings.filter((sibling) => isRefuted(verdicts.get(sibling.point.id)))
  if (marked.length === 0) return
  const images = await knownImages(ports, siblings)
  const marks = new Map<PointId, Verification>()
  for (const other of siblings) {
    const verdict = verdicts.get(other.point.id) ?? null
    if (verdict === null || verdict.ok || verdict.foundIn !== null) continue
    const reach = await reachOf({ ports, point: other.point, signal }, images, verdict.damage)
    for (const [id, damage] of reach.damage) {
      const mark = markOf(verdict, damage, other.point.id)
      if (tellsMore(mark, marks.get(id))) marks.set(id, mark)
    }
  }
  for (const sibling of marked) {
    const mark = marks.get(sibling.point.id)
    if (mark !== undefined) await keep({ ports }, sibling.point, mark)
    else await forget(sibling.point)
  }
}

async function forget(point: Point): Promise<void> {
  await rm(join(point.path, verificationFile), { force: true })
  await syncFolder(point.path)
}

async function verdictsOf(points: readonly StoredPoint[]): Promise<ReadonlyMap<PointId, Verification | null>> {
  return new Map(
    await Promise.all(points.map(async ({ point }) => [point.id, await readVerification(point.path)] as const)),
  )
}

/**
 * Judges a point by what is known of those that it was built on, also since it was begun, and looks again at the damage
 * that it is marked for: its own bytes decide when it has a content index and `most` allows to read them. A parent that is
 * not damaged answers for those below it. Its own finding stays. Answers what is to be held against it, null when nothing is.
 */
export async function judgeByOthers(
  { ports, point, siblings, signal }: Concerned,
  most = Number.POSITIVE_INFINITY,
): Promise<Verification | null> {
  const all = siblings()
  const byId = new Map(all.map((other) => [other.point.id, other]))
  const verdicts = new Map<PointId, Verification | null>()
  /** Read once, and only of those that matter: there may be hundreds of others. */
  const badOf = async (id: PointId | null): Promise<Verification | null> => {
    const other = id === null ? undefined : byId.get(id)
    if (other === undefined) return null
    const { id: known, path } = other.point
    if (!verdicts.has(known)) verdicts.set(known, await readVerification(path))
    const verdict = verdicts.get(known)
    return verdict?.ok === false ? verdict : null
  }
  const own = await badOf(point.id)
  if (own !== null && own.foundIn === null) return own
  const below = new Set<PointId>()
  const descend = async (id: PointId | null): Promise<void> => {
    if (id === null || id === point.id || below.has(id) || (await badOf(id)) === null) return
    below.add(id)
    for (const { parentId } of byId.get(id)?.point.disks ?? []) await descend(parentId)
  }
  for (const { parentId } of point.disks) await descend(parentId)
  await descend(own?.foundIn ?? null)
  const accusers = all.filter((other) => below.has(other.point.id))
  if (accusers.length === 0) return own
  const images = await knownImages(ports, all)
  let mark: Verification | null = null
  for (const { point: other } of accusers) {
    const verdict = (await badOf(other.id)) as Verification
    const finder =
      (await badOf(verdict.foundIn)) === null ? other : (byId.get(verdict.foundIn as PointId)?.point ?? other)
    const only = { id: point.id, foundAt: finder.createdAt, most }
    const reach = await reachOf({ ports, point: other, signal }, images, verdict.damage, only)
    const damage = reach.damage.get(point.id)
    if (damage === undefined) continue
    const next = markOf(verdict, damage, finder.id)
    if (tellsMore(next, mark ?? undefined)) mark = next
  }
  // Another check may have said more meanwhile.
  const now = await readVerification(point.path)
  if (now !== null && !now.ok && JSON.stringify(now) !== JSON.stringify(own)) return now
  if (mark !== null) await keep({ ports }, point, mark)
  else if (own !== null && (await badOf(own.foundIn)) === null) return own
  else if (own !== null) await forget(point)
  return mark
}

/**
 * Remembers a verdict beside its point, unless more is known of it (verification-file.ts), and marks or clears the points
 * that share its bytes. Answers the verdict with the damage placed in the file that holds it.
 */
export async function spreadVerdict(concerned: Concerned, verdict: Verification): Promise<Verification> {
  const { ports, point } = concerned
  const previous = await readVerification(point.path)
  const kept = replaces(verdict, previous) ? keptVerdict(verdict, previous) : null
  // First of all: whatever happens next, nobody takes this point for good.
  if (kept !== null) await keep(concerned, point, kept)
  else if (!verdict.ok && previous !== null && previous.foundIn !== null) {
    await keep(concerned, point, joined(previous, verdict, point))
  }
  const siblings = concerned.siblings()
  if (verdict.ok) {
    await clearMarks(concerned, siblings, verdict.level)
    return kept ?? verdict
  }
  const images = await knownImages(ports, siblings)
  const reach = await reachOf(concerned, images, verdict.damage)
  await markOthers(concerned, siblings, verdict, reach)
  // One that was recorded meanwhile may have judged itself before those that it was built on were marked.
  for (const { point: later } of concerned.siblings()) {
    if (!siblings.some((one) => one.point.id === later.id)) await judgeByOthers({ ...concerned, point: later })
  }
  const told = { ...verdict, damage: verdict.damage.map((one) => placed(images, point.id, one, reach.sound)) }
  if (kept !== null) await keep(concerned, point, told)
  return told
}
