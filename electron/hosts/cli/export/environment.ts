import type { ExportPlace } from '../../../../shared/domain/job.ts'

/** What the command learns of the export. Names of disks become capitals, digits and underscores. */
export function exportEnvironment(place: ExportPlace): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {
    FLOE_EXPORT_SOCKET: place.socketPath,
    FLOE_EXPORT_AT: place.at,
    FLOE_EXPORT_URI: place.disks[0]?.uri ?? '',
  }
  const since = changesContext(place)
  if (since !== null) variables.FLOE_EXPORT_SINCE = since
  for (const disk of place.disks) variables[freeName(disk.diskId, variables)] = disk.uri
  return variables
}

/** The NBD context, the same for every disk, that tells what changed since a point; null when none was asked for. */
export function changesContext({ disks }: Pick<ExportPlace, 'disks'>): string | null {
  const bitmap = disks[0]?.sinceBitmap ?? null
  return bitmap === null ? null : `qemu:dirty-bitmap:${bitmap}`
}

function freeName(diskId: string, taken: Readonly<Record<string, string>>): string {
  const name = `FLOE_EXPORT_URI_${diskId.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
  for (let number = 1; ; number += 1) {
    const wished = number === 1 ? name : `${name}_${number}`
    if (!(wished in taken)) return wished
  }
}
