// What only all points of a destination together tell of one: which others its images lie over, and whether those are
// there. A chain is followed disk by disk, within the machine's folder.
import { dirname } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { StoredPoint } from './scan.ts'

interface ImageFile {
  readonly file: string
  /** The image it lies over. */
  readonly backing: { readonly pointId: PointId; readonly file: string } | null
  /** What is wrong with its presence or size, as the end of a sentence; null when nothing is. */
  readonly lack: string | null
}

/** A point as its own folder tells it. */
export interface ScannedPoint {
  /** `unreadable` says what its manifest alone tells. */
  readonly sound: StoredPoint
  readonly images: readonly ImageFile[]
}

interface Links {
  readonly needs: readonly PointId[]
  readonly unreadable: string | null
}

const keyOf = (folder: string, id: PointId) => `${folder}/${id}`

/** A point's needs, nearest first, and why it cannot be read. Pure. */
export function linksOf(scanned: ScannedPoint, byKey: ReadonlyMap<string, ScannedPoint>): Links {
  const { point } = scanned.sound
  const depths = new Map<PointId, number>()
  let unreadable = point.unreadable
  const lacking = scanned.images.find(({ lack }) => lack !== null)
  if (lacking) unreadable ??= `It is not complete: the image "${lacking.file}" ${lacking.lack}.`
  for (const image of scanned.images) {
    const passed = new Set([point.id])
    let at = image
    while (at.backing !== null) {
      const { pointId, file } = at.backing
      const below = byKey.get(keyOf(dirname(point.path), pointId))
      const needed = `It needs the image "${file}" of the restore point ${below ? `of ${below.sound.point.createdAt}` : pointId}`
      if (passed.has(pointId)) {
        unreadable ??= `${needed}, and that one needs it.`
        break
      }
      passed.add(pointId)
      depths.set(pointId, Math.max(depths.get(pointId) ?? 0, passed.size))
      const next = below?.images.find((candidate) => candidate.file === file)
      if (!below) unreadable ??= `${needed}, which is gone.`
      else if (below.sound.point.unreadable !== null) unreadable ??= `${needed}. ${below.sound.point.unreadable}`
      else if (!next) unreadable ??= `${needed}, which has no such image.`
      else if (next.lack !== null) unreadable ??= `${needed}, which ${next.lack}.`
      if (!next) break
      at = next
    }
  }
  const needs = [...depths].sort(([, a], [, b]) => a - b).map(([id]) => id)
  return { needs, unreadable }
}

/** Answers the same object for a point as the last time, as long as nothing about it changed. */
export class Linker {
  #before = new WeakMap<StoredPoint, StoredPoint>()

  link(scanned: readonly ScannedPoint[]): StoredPoint[] {
    const byKey = new Map(scanned.map((one) => [keyOf(dirname(one.sound.point.path), one.sound.point.id), one]))
    return scanned.map((one) => {
      const { sound } = one
      const { needs, unreadable } = linksOf(one, byKey)
      const before = this.#before.get(sound) ?? sound
      const isSame = before.point.unreadable === unreadable && before.point.needs.join() === needs.join()
      const linked = isSame ? before : { ...sound, point: { ...sound.point, needs: [...needs], unreadable } }
      this.#before.set(sound, linked)
      return linked
    })
  }
}
