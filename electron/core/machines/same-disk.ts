import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Machine } from '../../../shared/domain/machine.ts'

/** Device number of a path, or of the nearest folder above it that exists; null when even that cannot be read. */
async function deviceOf(path: string): Promise<number | null> {
  for (let place = path; ; place = dirname(place)) {
    const stats = await stat(place).catch(() => null)
    if (stats !== null) return stats.dev
    if (place === dirname(place)) return null
  }
}

/**
 * Names of the machines with an image on the same file system as `path`: a backup there is no help when that disk
 * fails. A separate volume of one drive counts as another file system; that much the system does not tell.
 */
export async function machinesOnSameDisk(machines: readonly Machine[], path: string): Promise<readonly string[]> {
  const device = await deviceOf(path)
  const shares = async (machine: Machine): Promise<boolean> => {
    const images = machine.disks.flatMap((disk) => (disk.imagePath === null ? [] : [disk.imagePath]))
    const devices = await Promise.all(images.map(async (image) => (await stat(image).catch(() => null))?.dev))
    return devices.includes(device ?? -1)
  }
  const answers = await Promise.all(machines.map(shares))
  return machines.filter((_, index) => answers[index]).map((machine) => machine.name)
}
