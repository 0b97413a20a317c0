// A destination's state in words (ux.md S7): the sidebar's trailing item, the page's subtitle and what to do about it.
import type { Destination } from '../domain/destination.ts'
import { formatBytes, type Units } from '../format/bytes.ts'
import { type DateStyle, formatMoment } from '../format/dates.ts'

export interface DestinationWords {
  /** For the end of a row: "412 GB free", "Offline". */
  readonly short: string
  /** For the subtitle: "Connected", "Not connected, last seen Friday 18:40". */
  readonly state: string
  readonly tone: 'ok' | 'warning' | 'problem' | 'off'
  /** What it means and what to do, as whole sentences; null when all is well. */
  readonly advice: { readonly title: string; readonly body: string } | null
}

/** Below this share of free space a destination counts as almost full. */
const almostFull = 0.1

export function describeDestination(
  destination: Destination,
  style: DateStyle & { readonly units?: Units },
): DestinationWords {
  const { name, state, freeBytes, totalBytes } = destination
  const free = freeBytes === null ? null : formatBytes(freeBytes, style.units, style.locale)
  switch (state.kind) {
    case 'connected': {
      const short = free === null ? 'Connected' : `${free} free`
      if (freeBytes !== null && totalBytes !== null && totalBytes > 0 && freeBytes / totalBytes < almostFull) {
        return {
          short,
          state: 'Almost full',
          tone: 'warning',
          advice: {
            title: `${name} is almost full`,
            body: `${free} is free. A backup that does not fit pauses and waits for space; deleting old restore points makes room.`,
          },
        }
      }
      return { short, state: 'Connected', tone: 'ok', advice: null }
    }
    case 'absent': {
      const seen = state.lastSeenAt === null ? '' : `, last seen ${lower(formatMoment(state.lastSeenAt, style))}`
      return {
        short: 'Offline',
        state: `Not connected${seen}`,
        tone: 'off',
        advice: {
          title: `${name} isn’t connected`,
          body: 'Its restore points stay listed. Connect it to back up there or to restore from it.',
        },
      }
    }
    case 'locked':
      return {
        short: 'Locked',
        state: 'Locked',
        tone: 'off',
        advice: {
          title: `${name} is locked`,
          body: 'It is connected and waits for its password. Unlock it in Finder; backups that wait for it start by themselves.',
        },
      }
    case 'other-disk':
      return {
        short: 'Other disk',
        state: 'Another disk is at this place',
        tone: 'problem',
        advice: {
          title: `This isn’t ${name}`,
          body: 'Another disk or folder is at this place, so Floe does not write to it. Connect the right one, or add this one as a new destination.',
        },
      }
    case 'read-only':
      return {
        short: 'Read-only',
        state: 'Read-only',
        tone: 'problem',
        advice: {
          title: `${name} is read-only`,
          body: `${sentence(state.reason)} You can restore from it; for backups, make it writable or choose another destination.`,
        },
      }
    case 'no-permission':
      return {
        short: 'No access',
        state: 'No permission',
        tone: 'problem',
        advice: {
          title: `Floe may not write to ${name}`,
          body: 'The system does not let Floe write there. Allow it in the system’s privacy settings or change the folder’s permissions.',
        },
      }
    case 'full':
      return {
        short: 'Full',
        state: 'Full',
        tone: 'problem',
        advice: {
          title: `${name} is full`,
          body: `${free ?? 'No space'} is free. Delete restore points you no longer need, or free space there in another way.`,
        },
      }
  }
}

/** How restore points lie on a destination, and what that means for deleting one. */
export function storageWords(storage: Destination['storage']): { readonly title: string; readonly detail: string } {
  return storage === 'clone'
    ? {
        title: 'Each restore point stands alone (clones)',
        detail:
          'This drive shares equal data by itself, so a restore point holds a whole machine and takes up only what changed. Any of them can be deleted without touching another.',
      }
    : {
        title: 'Restore points share files (chains)',
        detail:
          'This drive can’t clone files, so a restore point holds what changed and needs the ones before it. Deleting one moves what others need into the next.',
      }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function lower(text: string): string {
  return /^(Today|Yesterday)/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
