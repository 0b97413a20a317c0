import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Freshness, Manifest } from './manifest.ts'
import { assertReadable } from './point-files.ts'
import { foreignPart } from './standing-alone.ts'

/**
 * A point that can be read from end to end, with every point its images lie over.
 * @throws FloeError `point/*`; `point/damaged` also for an image that leads to files elsewhere
 */
export async function assertWhole(
  ports: Pick<Ports, 'env'>,
  point: Point,
  lookUp: (id: PointId) => Point | null,
  fresh: Freshness = 'anew',
): Promise<Manifest> {
  const manifest = await assertReadable(point, lookUp, fresh)
  for (const disk of manifest.disks) {
    const foreign = await foreignPart(point.path, disk, { env: ports.env, fresh })
    if (!foreign) continue
    throw new FloeError('point/damaged', `The restore point of ${point.createdAt} is damaged. ${foreign.text}`, {
      params: { id: point.id, path: point.path, disk: disk.id },
      remedy: 'Use another restore point.',
    })
  }
  return manifest
}
