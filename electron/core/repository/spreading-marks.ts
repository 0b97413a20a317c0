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
import { type KnownImage, knownImages, stillDamaged } from './spreading-evidence.ts'
import { keptVerdict, readVerification, replaces, writeVerification } from './verification-file.ts'

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

/** Which other points (or only that one) the damage reaches, looked at one by one where that can be done. */
async function reachOf(
  { ports, point, signal }: Pick<Concerned, 'ports' | 'point' | 'signal'>,
  images: readonly KnownImage[],
  found: readonly Damage[],
  only: PointId | null = null,
): Promise<Reach> {
  const damage = new Map<PointId, Damage[]>()
  const doubted = new Set<PointId>()
  const all = reachedBy(images, point.id, found)
  for (const reached of only === null ? all : all.filter(({ image }) => image.pointId === only)) {
    const { pointId, diskId } = reached.image
    const image = images.find((other) => other.pointId === pointId && other.diskId === diskId) as KnownImage
    doubted.add(pointId)
    const ranges = reached.ranges === null ? null : await stillDamaged(ports, image, reached.ranges, signal)
    if (ranges?.length === 0) continue
    damage.set(pointId, [...(damage.get(pointId) ?? []), ...reachedDamage({ ...reached, ranges }, point.createdAt)])
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

/** Marks every other point that the verdict's damage reaches, except those that are marked already. */
async function markOthers(
  concerned: Concerned,
  siblings: readonly StoredPoint[],
  verdict: Verification,
  reach: Reach,
): Promise<void> {
  for (const { point } of siblings) {
    const damage = reach.damage.get(point.id)
    if (damage === undefined || (await readVerification(point.path))?.ok === false) continue
    await keep(concerned, point, markOf(verdict, damage, concerned.point.id))
  }
}

/** Takes the marks away that this point's damage had made; what another point's damage reaches is marked by that one then. */
async function clearMarks({ ports, point, signal }: Concerned, siblings: readonly StoredPoint[]): Promise<void> {
  const verdicts = await verdictsOf(siblings)
  const marked = siblings.filter((sibling) => verdicts.get(sibling.point.id)?.foundIn === point.id)
  if (marked.length === 0) return
  const images = await knownImages(ports, siblings)
  const marks = new Map<PointId, Verification>()
  for (const other of siblings) {
    const verdict = verdicts.get(other.point.id) ?? null
    if (verdict === null || verdict.ok || verdict.foundIn !== null) continue
    const reach = await reachOf({ ports, point: other.point, signal }, images, verdict.damage)
    for (const [id, damage] of reach.damage) marks.set(id, markOf(verdict, damage, other.point.id))
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
 * Judges a point by what the checks of others found, also while it was being made: none of them knew it then. Without a
 * content index, whatever bytes it may share with them count; with one, those are read. Its own finding stays. Answers
 * whether its verdict changed.
 */
export async function judgeByOthers({ ports, point, siblings, signal }: Concerned): Promise<boolean> {
  const all = siblings()
  const verdicts = await verdictsOf(all)
  const own = verdicts.get(point.id) ?? null
  if (own?.ok === false && own.foundIn === null) return false
  const isBad = (id: PointId | null | undefined) => verdicts.get(id as PointId)?.ok === false
  // A mark is judged by the check that made it, as long as that one still says so.
  const accusers = all.filter(
    (other) => other.point.id !== point.id && isBad(other.point.id) && !isBad(verdicts.get(other.point.id)?.foundIn),
  )
  if (accusers.length === 0) return false
  const images = await knownImages(ports, all)
  let mark: Verification | null = null
  for (const { point: other } of accusers) {
    const verdict = verdicts.get(other.id) as Verification
    const reach = await reachOf({ ports, point: other, signal }, images, verdict.damage, point.id)
    const damage = reach.damage.get(point.id)
    if (damage === undefined || (mark !== null && mark.level !== 'structure')) continue
    mark = markOf(verdict, damage, other.id)
  }
  if (mark !== null) await keep({ ports }, point, mark)
  else if (own?.ok === false && accusers.some((other) => other.point.id === own.foundIn)) await forget(point)
  else return false
  return true
}

/**
 * Remembers a verdict beside its point, and marks or clears the points that share its bytes. Answers the verdict with the
 * damage placed in the file that holds it.
 */
export async function spreadVerdict(concerned: Concerned, verdict: Verification): Promise<Verification> {
  const { ports, point } = concerned
  const previous = await readVerification(point.path)
  if (!replaces(verdict, previous)) return verdict
  const kept = keptVerdict(verdict, previous)
  // First of all: whatever happens next, nobody takes this point for good.
  await keep(concerned, point, kept)
  const siblings = concerned.siblings()
  if (verdict.ok) {
    await clearMarks(concerned, siblings)
    return kept
  }
  const images = await knownImages(ports, siblings)
  const reach = await reachOf(concerned, images, verdict.damage)
  await markOthers(concerned, siblings, verdict, reach)
  const told = { ...verdict, damage: verdict.damage.map((one) => placed(images, point.id, one, reach.sound)) }
  await keep(concerned, point, told)
  return told
}
