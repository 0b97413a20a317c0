// Every way a copy can fail, as a finished sentence with the facts its words are made of (ux.md 3.3). QEMU's texts are
// quoted and never parsed: what happened is told by events, statuses and the file system.
import type { Damage } from '../../../shared/domain/point.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { FloeError, toProblem } from '../errors.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import { speaksOfLock } from '../storage-daemon/offline-image.ts'
import { DaemonEnded } from './offline-link.ts'

/** Who and where, for the sentences. */
export interface BackupPlace {
  readonly machineName: string
  readonly destinationName: string
  readonly pid: number | null
  /** The machine is off; its images are copied. */
  readonly off?: boolean
}

/** How far the copy was, in bytes. */
export interface Done {
  readonly doneBytes: number
  readonly totalBytes: number
}

/** What became of the unfinished copy is known only at the end: transition.ts tells it as `partialRemoved`. */
const othersStay = 'Your other restore points stay.'

export function machineGone(place: BackupPlace, at: Date, done?: Done, cause?: unknown): FloeError {
  if (cause instanceof DaemonEnded) return interrupted(place, cause.message, cause)
  return new FloeError('backup/machine-gone', `${place.machineName} stopped during the backup.`, {
    params: { machine: place.machineName, pid: place.pid, time: at.toISOString(), ...done },
    remedy: `${othersStay} Back up again when the machine runs.`,
    cause,
  })
}

export function destinationFull(place: BackupPlace, done: Done): FloeError {
  return new FloeError('backup/destination-full', `${place.destinationName} is full; the backup has ended.`, {
    params: {
      machine: place.machineName,
      destination: place.destinationName,
      ...done,
      neededBytes: Math.max(0, done.totalBytes - done.doneBytes),
    },
    remedy: `Free some space there, or choose another destination. ${othersStay}`,
  })
}

export function destinationRemoved(place: BackupPlace, path: string, cause: unknown): FloeError {
  return new FloeError(
    'backup/destination-removed',
    `The folder of this backup on ${place.destinationName} disappeared during the backup.`,
    {
      params: { machine: place.machineName, destination: place.destinationName, path },
      remedy: 'The machine was not affected. Back up again when the destination is back.',
      cause,
    },
  )
}

export function writeError(place: BackupPlace, disk: string | null, text: string | null): FloeError {
  return new FloeError('backup/write-error', `Writing to ${place.destinationName} failed.`, {
    params: { machine: place.machineName, destination: place.destinationName, disk, text },
    remedy: `Check the drive and its cable. ${othersStay}`,
  })
}

/** A guest's write failed while Floe copied, and the destination is not full. Its own disk may be the cause. */
export function guestWriteFailed(place: BackupPlace, text: string | null): FloeError {
  return new FloeError(
    'backup/write-error',
    `${place.machineName} could not write while it was being backed up, so the backup was ended at once.`,
    {
      params: { machine: place.machineName, destination: place.destinationName, disk: null, text, guestWrite: true },
      remedy: "Check the destination's drive, and that the drive with the machine's own disks has space.",
    },
  )
}

export function readError(place: BackupPlace, disk: string, text: string | null): FloeError {
  return new FloeError('backup/read-error', `The disk ${disk} of ${place.machineName} could not be read.`, {
    params: { machine: place.machineName, disk, text },
    remedy: "The machine's own drive may be failing. Earlier restore points are fine: keep them.",
  })
}

export function diskUnplugged(place: BackupPlace, disk: string): FloeError {
  return new FloeError('backup/disk-unplugged', `The disk ${disk} was removed from ${place.machineName}.`, {
    params: { machine: place.machineName, disk },
    remedy: 'Leave this disk out, or back up again when it is back.',
  })
}

export function interrupted(place: BackupPlace, why: string, cause?: unknown): FloeError {
  return new FloeError('backup/interrupted', `The backup of ${place.machineName} was interrupted: ${why}`, {
    params: { machine: place.machineName, why },
    remedy: `${othersStay} Back up again.`,
    cause,
  })
}

export function notRecorded(place: BackupPlace, cause: unknown): FloeError {
  const reason = cause instanceof FloeError ? cause.params.reason : null
  const text = typeof reason === 'string' ? reason : cause instanceof Error ? cause.message : String(cause)
  return new FloeError(
    'backup/not-recorded',
    `The disks were copied, but the restore point was not recorded: ${text}`,
    {
      params: { machine: place.machineName, destination: place.destinationName, text },
      remedy: 'Check the destination, then back up again.',
      cause,
    },
  )
}

export function checkFailed(place: BackupPlace, cause: unknown): FloeError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return new FloeError('backup/check-failed', `The new restore point could not be read back: ${text}`, {
    params: { machine: place.machineName, destination: place.destinationName, text },
    remedy: 'Do not rely on this restore point. Check the drive, and back up again.',
    cause,
  })
}

/** A check of another point found damage that the new one shares, maybe while it was being made. */
export function builtOnDamage(place: BackupPlace, damage: readonly Damage[]): FloeError {
  const text = damage[0]?.text ?? ''
  return new FloeError('backup/check-failed', `The new restore point is damaged from the start. ${text}`.trim(), {
    params: { machine: place.machineName, destination: place.destinationName, text },
    remedy: 'Do not rely on this restore point. Check the drive, and back up again.',
  })
}

/** The point is there and readable, and nobody can say whether it is what the machine held. */
export function notProven(place: BackupPlace): FloeError {
  return new FloeError(
    'backup/proof-failed',
    `The restore point of ${place.machineName} is recorded, but could not be compared with the machine: the instant could not be read to its end.`,
    {
      params: { machine: place.machineName, destination: place.destinationName, damaged: false },
      remedy: 'Verify the restore point, or back up again with the proof.',
    },
  )
}

export function proofFailed(place: BackupPlace, damage: readonly Damage[]): FloeError {
  const [first] = damage
  return new FloeError(
    'backup/proof-failed',
    `The new restore point is not what ${place.machineName} held at its instant. ${first?.text ?? ''}`.trim(),
    {
      params: {
        machine: place.machineName,
        destination: place.destinationName,
        disk: first?.diskId ?? null,
        offset: first?.offset ?? null,
        damaged: true,
      },
      remedy: 'Do not rely on this restore point. Check the drive, and back up again with the proof.',
    },
  )
}

/** QEMU gets no lock on an image that another program writes to; for raw ones it finds that out when the copy starts. */
function lockedByOther(place: BackupPlace, error: QmpExecuteError): FloeError {
  const text = `An image of ${place.machineName} is in use by another program: ${error.text}`
  return new FloeError('backup/started-while-off', text, {
    params: { machine: place.machineName, before: true, text: error.text },
    remedy: 'Back up the running machine over its QMP socket, or end the program that uses the image.',
    cause: error,
  })
}

/** What a refused command means for the backup. QEMU says "is busy" of a node that a foreign job holds. */
export function refused(place: BackupPlace, error: unknown): Problem {
  if (!(error instanceof QmpExecuteError)) return toProblem(error)
  const params = { machine: place.machineName, text: error.text }
  if (place.off && speaksOfLock(error.text)) return toProblem(lockedByOther(place, error))
  const clash = /is busy|in use by block job|blocked/i.test(error.text)
  return toProblem(
    clash
      ? new FloeError('backup/job-clash', `Another job is using a disk of ${place.machineName}: ${error.text}`, {
          params,
          remedy: 'Start the backup when that job is done, or leave this disk out.',
          cause: error,
        })
      : new FloeError('backup/qemu-refused', `QEMU refused the backup of ${place.machineName}: ${error.text}`, {
          params,
          cause: error,
        }),
  )
}
