// `floe backup --dry-run`: what a backup would copy, and why, and what stands in its way.
import { formatBytes } from '../../../shared/format/bytes.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { changedBytes } from '../../../shared/text/job-words.ts'
import { kindSentence } from './kind.ts'
import type { Output } from './output.ts'
import { CommandFailed, problemOf } from './problem.ts'
import { table } from './table.ts'

interface Names {
  readonly machine: string
  readonly destination: string
}

export function tellPreview(output: Output, preview: BackupPreview, names: Names): void {
  output.document({ event: 'preview', preview })
  output.line(`Backup of ${names.machine} to ${names.destination}`)
  output.line(kindSentence({ ...preview, reason: preview.kindReason }))
  const rows = preview.disks.map((disk) =>
    disk.included
      ? [disk.diskId, size(disk.bytesToCopy), disk.basis, disk.basisReason]
      : [disk.diskId, 'left out', '', disk.reason ?? ''],
  )
  for (const line of table(['DISK', 'COPIES', 'BASIS', 'WHY'], rows)) output.line(line)
  const free = preview.freeBytes === null ? '' : `, ${size(preview.freeBytes)} free`
  output.line(`Copies ${size(preview.bytesToCopy)}${free}.`)
  if (preview.basis === 'bitmap' && changedBytes(preview) === 0) {
    output.line('Nothing has changed. The last piece of each disk is copied each time, changed or not.')
  }
  output.line(`Way: ${preview.way}. ${preview.wayReason}`)
  if (preview.scratch !== null) {
    const { folder, expectedBytes, freeBytes } = preview.scratch
    output.line(`Scratch: about ${size(expectedBytes)} in ${folder}, ${size(freeBytes)} free.`)
  }
  const { wanted, reason } = preview.freeze
  output.line(wanted ? 'Freezes the file systems of the guest for the instant.' : `Not frozen: ${reason ?? ''}`)
}

/**
 * A backup that could not start now fails its dry run as it would fail itself.
 * @throws CommandFailed with what stands in the way
 */
export function assertCouldStart(output: Output, preview: BackupPreview, names: Names, whenPossible: boolean): void {
  const { obstacle, enoughSpace } = preview
  if (obstacle !== null && !whenPossible) throw new CommandFailed(obstacle)
  if (obstacle !== null) output.line(`It would wait: ${obstacle.message}`)
  if (enoughSpace) return
  throw new CommandFailed(
    problemOf('destination/no-space-before', `Less is free on ${names.destination} than this backup needs.`, {
      params: { destination: names.destination, free: preview.freeBytes },
      remedy: 'Free some space there, or use another destination with --to.',
    }),
  )
}

const size = (bytes: number) => formatBytes(bytes, 'decimal', 'en')
