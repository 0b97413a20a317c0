// Words for problems that end a backup or keep it from starting (ux.md 3.3, B1, D3, D5, D9, G1-G3, V1, V2).
import type { Problem } from '../../errors/problem.ts'
import { formatTime } from '../../format/dates.ts'
import {
  alsoBackUpAgain,
  alsoChooseDestination,
  backUpAgain,
  backUpWhenBack,
  backUpWhenItRuns,
  backUpWithoutFreezing,
  chooseDestination,
  chooseDisks,
  destinationName,
  dismiss,
  fact,
  freeUpSpace,
  leaveDiskOut,
  machineName,
  ownWords,
  type ProblemContext,
  sentences,
  shorten,
  size,
  startWhenDone,
  systemSays,
  tracking,
  trackingAfterQemu,
  tryAgain,
  verifyLastPoint,
  type WordingsOf,
} from './problem-text.ts'
import { remainsOf } from './remains.ts'

/** The copy gave way, as it should. */
function guestUnaffected(problem: Problem, context: ProblemContext): string {
  const guest = `${machineName(problem, context)} wasn’t affected.`
  return sentences(ownWords(problem), guest, remainsOf(problem), tracking(context))
}

export const backupProblems: WordingsOf<'backup'> = {
  'backup/parent-lost': (problem, context) => ({
    title: 'The last restore point can’t be built upon',
    body: sentences(ownWords(problem), 'No data was copied.', tracking(context)),
    actions: [tryAgain],
  }),
  'backup/proof-failed': (problem) =>
    problem.params.damaged === false
      ? { title: 'The new restore point wasn’t proven', body: ownWords(problem), actions: [backUpAgain] }
      : {
          title: 'The new restore point didn’t pass its proof',
          body: sentences(ownWords(problem), 'The point is marked as damaged and not used.'),
          actions: [backUpAgain],
        },
  'backup/no-disks': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} has no disk to back up`),
    body: sentences(ownWords(problem), 'No data was copied.'),
    actions: [chooseDisks],
  }),
  'backup/disk-unknown': (problem) => ({
    title: 'A chosen disk isn’t there any more',
    body: sentences(ownWords(problem), 'No data was copied.'),
    actions: [chooseDisks],
  }),
  'backup/disk-excluded': (problem) => ({
    title: shorten(fact(problem, 'disk') ?? 'This disk', (name) => `${name} can’t be backed up`),
    body: sentences(ownWords(problem), 'No data was copied.'),
    actions: [chooseDisks],
  }),
  'backup/running-already': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} is being backed up already`),
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'backup/job-clash': (problem) => {
    const says = systemSays(problem)
    return {
      title: shorten(fact(problem, 'disk') ?? 'this disk', (name) => `Another job is using ${name}`),
      body: sentences(
        says === null ? problem.message : `QEMU says: “${says}”.`,
        'Start when it is done, or leave this disk out.',
      ),
      actions: [leaveDiskOut, startWhenDone],
    }
  },
  'backup/qemu-refused': (problem) => {
    const says = systemSays(problem)
    return {
      title: 'QEMU refused the backup',
      body: sentences(
        says === null ? ownWords(problem) : `QEMU says: “${says}”.`,
        'Your other restore points are intact.',
      ),
      actions: [tryAgain],
    }
  },
  'backup/machine-gone': (problem, context) => {
    const pid = fact(problem, 'pid')
    const time = clockTime(fact(problem, 'time', 'at'), context)
    const done = size(problem, context, 'done', 'doneBytes')
    const ended = `QEMU${pid === null ? '' : ` (pid ${pid})`} ended${time === null ? '' : ` at ${time}`}${done === null ? '' : ` after ${done}`}.`
    return {
      title: shorten(machineName(problem, context), (name) => `${name} stopped during the backup`),
      body: sentences(ended, remainsOf(problem), 'Other restore points aren’t affected.', trackingAfterQemu(context)),
      actions: [{ ...backUpAgain, label: 'Back Up Now (Off)', primary: false }, backUpWhenItRuns],
    }
  },
  'backup/destination-removed': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} was disconnected during the backup`),
    body: sentences(
      'QEMU can’t go on with a file that disappeared, so this copy has ended.',
      tracking(context),
      'The machine wasn’t affected.',
    ),
    actions: [alsoChooseDestination, backUpWhenBack],
  }),
  'backup/destination-full': (problem, context) => {
    const need = size(problem, context, 'need', 'needed', 'neededBytes')
    const done = size(problem, context, 'done', 'doneBytes')
    const total = size(problem, context, 'total', 'totalBytes')
    return {
      title: shorten(destinationName(problem, context), (name) => `Backup stopped: ${name} is full`),
      body: sentences(
        done === null || total === null ? null : `${done} of ${total} was copied.`,
        need === null
          ? 'Free some space there, or choose another destination.'
          : `Free at least ${need} there, or choose another destination.`,
        remainsOf(problem),
        `${machineName(problem, context)} keeps running, and your restore points are intact.`,
      ),
      actions: [alsoBackUpAgain, alsoChooseDestination, freeUpSpace],
    }
  },
  'backup/write-error': (problem, context) => {
    if (problem.params.guestWrite === true) {
      return {
        title: shorten(machineName(problem, context), (name) => `${name} couldn’t write during the backup`),
        body: sentences(ownWords(problem), remainsOf(problem)),
        actions: [backUpAgain, alsoChooseDestination],
      }
    }
    return {
      title: shorten(destinationName(problem, context), (name) => `${name} reported a write error`),
      body: sentences(atOffset(problem), 'The drive or cable may be failing.', remainsOf(problem)),
      actions: [chooseDestination, alsoBackUpAgain],
    }
  },
  'backup/read-error': (problem, context) => {
    const disk = fact(problem, 'disk')
    return {
      title: shorten(machineName(problem, context), (name) =>
        disk === null ? `${name} has an unreadable area` : `${name} has an unreadable area on ${disk.slice(0, 16)}`,
      ),
      body: sentences(
        atOffset(problem),
        'The machine’s own disk may be failing. Earlier points are fine: keep them.',
        remainsOf(problem),
      ),
      actions: [verifyLastPoint, alsoBackUpAgain],
    }
  },
  'backup/disk-unplugged': (problem, context) => {
    const disk = fact(problem, 'disk') ?? 'A disk'
    return {
      title: shorten(machineName(problem, context), (name) => `${disk.slice(0, 20)} was removed from ${name}`),
      body: sentences(
        'The backup stopped.',
        remainsOf(problem),
        'Leave it out from now on, or try again when it is back.',
      ),
      actions: [leaveDiskOut, tryAgain],
    }
  },
  'backup/not-recorded': (problem, context) => ({
    title: 'Copied, but not recorded',
    body: sentences(
      `The list on ${destinationName(problem, context)} couldn’t be written${systemSays(problem) === null ? '.' : `: ${systemSays(problem)}.`}`,
      'This copy doesn’t count as a restore point.',
      problem.remedy,
    ),
    actions: [backUpAgain],
  }),
  'backup/check-failed': (problem) => {
    const offset = fact(problem, 'offset')
    return {
      title: 'The new restore point didn’t pass its check',
      body: sentences(
        offset === null ? problem.message : `What was read back differs at ${offset}.`,
        'Do not rely on this restore point; no later one builds upon it. Check the drive.',
      ),
      actions: [backUpAgain],
    }
  },
  'backup/interrupted': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The backup of ${name} was interrupted`),
    body: sentences(whyInterrupted(problem), remainsOf(problem), tracking(context)),
    actions: [backUpAgain],
  }),
  'backup/freeze-required': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `Not backed up: ${name} couldn’t be frozen`),
    body: sentences('“Require freeze” is on.', freezeReason(problem), 'No data was copied.'),
    actions: [backUpWithoutFreezing, { ...tryAgain, primary: true }],
  }),
  'backup/snapshot-lost': (problem, context) => ({
    title: 'The backup lost its instant',
    body: guestUnaffected(problem, context),
    actions: [backUpAgain],
  }),
  'backup/scratch-full': (problem, context) => ({
    title: 'Not enough room for the guest’s old data',
    body: guestUnaffected(problem, context),
    actions: [backUpAgain],
  }),
  'backup/changed-while-off': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The images of ${name} changed during the backup`),
    body: sentences(ownWords(problem), remainsOf(problem)),
    actions: [backUpAgain],
  }),
  'backup/started-while-off': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) =>
      problem.params.before === true ? `${name} isn’t off after all` : `${name} was started during the backup`,
    ),
    body: sentences(ownWords(problem), problem.params.before === true ? 'No data was copied.' : remainsOf(problem)),
    actions: [backUpAgain],
  }),
  'backup/cancelled': (problem, context) => ({
    title: 'The backup was cancelled',
    body: sentences(
      problem.params.partialRemoved === false ? remainsOf(problem) : 'The partial copy was removed.',
      tracking(context),
    ),
    actions: [backUpAgain],
  }),
}

/** The title has said that it was interrupted. */
function whyInterrupted(problem: Problem): string {
  const why = fact(problem, 'why')
  return why === null ? problem.message : `${why.slice(0, 1).toUpperCase()}${why.slice(1)}`
}

/** Why the guest could not be frozen, without saying again that nothing was backed up. */
function freezeReason(problem: Problem): string {
  const reason = fact(problem, 'reason')
  return reason ?? problem.message
}

function atOffset(problem: Problem): string {
  const offset = fact(problem, 'offset')
  const says = systemSays(problem)
  if (says === null) return problem.message
  return offset === null ? `The system says: “${says}”.` : `At ${offset}: ${says}.`
}

/** A moment's clock time; what is no moment stays as it is. */
function clockTime(time: string | null, context: ProblemContext): string | null {
  if (time === null || Number.isNaN(Date.parse(time))) return time
  return formatTime(time, { now: new Date(time), locale: context.locale })
}
