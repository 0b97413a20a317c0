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
  /** All points of its machine in its destination, itself too. */
  readonly siblings: readonly StoredPoint[]
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

/** Which other points the damage reaches, looked at one by one where that can be done. */
async function reachOf(
  { ports, point, signal }: Pick<Concerned, 'ports' | 'point' | 'signal'>,
  images: readonly KnownImage[],
  found: readonly Damage[],
): Promise<Reach> {
  const damage = new Map<PointId, Damage[]>()
  const doubted = new Set<PointId>()
  for (const reached of reachedBy(images, point.id, found)) {
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
async function markOthers(concerned: Concerned, verdict: Verification, reach: Reach): Promise<void> {
  for (const { point } of concerned.siblings) {
    const damage = reach.damage.get(point.id)
    if (damage === undefined || (await readVerification(point.path))?.ok === false) continue
    await keep(concerned, point, markOf(verdict, damage, concerned.point.id))
  }
}

/** Takes the marks away that this point's damage had made; what another point's damage reaches is marked by that one then. */
async function clearMarks({ ports, point, siblings, signal }: Concerned): Promise<void> {
  const verdicts = new Map<PointId, Verification | null>()
  for (const sibling of siblings) verdicts.set(sibling.point.id, await readVerification(sibling.point.path))
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
    else {
      await rm(join(sibling.point.path, verificationFile), { force: true })
      await syncFolder(sibling.point.path)
    }
  }
}

/**
 * Remembers a verdict beside its point, and marks or clears the points that share its bytes. Answers the verdict with the
 * damage placed in the file that holds it.
 */
export async function spreadVerdict(concerned: Concerned, verdict: Verification): Promise<Verification> {
  const { ports, point, siblings } = concerned
  const previous = await readVerification(point.path)
  if (!replaces(verdict, previous)) return verdict
  const kept = keptVerdict(verdict, previous)
  // First of all: whatever happens next, nobody takes this point for good.
  await keep(concerned, point, kept)
  if (verdict.ok) {
    await clearMarks(concerned)
    return kept
  }
  const images = await knownImages(ports, siblings)
  const reach = await reachOf(concerned, images, verdict.damage)
  await markOthers(concerned, verdict, reach)
  const told = { ...verdict, damage: verdict.damage.map((one) => placed(images, point.id, one, reach.sound)) }
  await keep(concerned, point, told)
  return told
}
