import type { ExportPlace } from '../../../../shared/domain/job.ts'

/** What the command learns of the export. Names of disks become capitals, digits and underscores. */
export function exportEnvironment(place: ExportPlace): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {
    FLOE_EXPORT_SOCKET: place.socketPath,
    FLOE_EXPORT_AT: place.at,
    FLOE_EXPORT_URI: place.disks[0]?.uri ?? '',
  }
  for (const disk of place.disks) variables[freeName(disk.diskId, variables)] = disk.uri
  return variables
}

function freeName(diskId: string, taken: Readonly<Record<string, string>>): string {
  const name = `FLOE_EXPORT_URI_${diskId.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
  for (let number = 1; ; number += 1) {
    const wished = number === 1 ? name : `${name}_${number}`
    if (!(wished in taken)) return wished
  }
}
