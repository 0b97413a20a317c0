// Words for problems with the place that holds the backups (ux.md 3.3, D1-D10).
import { formatMomentInText } from '../../format/dates.ts'
import {
  addDestination,
  alsoChooseDestination,
  alsoTryAgain,
  chooseDestination,
  chooseOneDestination,
  destinationName,
  dismiss,
  fact,
  freeUpSpace,
  machineName,
  openPrivacySettings,
  ownWords,
  type ProblemAction,
  type ProblemContext,
  sentences,
  shorten,
  size,
  startWhenConnected,
  startWhenUnlocked,
  tryAgain,
  type WordingsOf,
  waitForTheOther,
} from './problem-text.ts'

const useThisDiskToo: ProblemAction = { ...addDestination, label: 'Use This Disk Too…', primary: false }

export const destinationProblems: WordingsOf<'destination'> = {
  'destination/unknown': (problem) => ({
    title: 'This destination isn’t in the list',
    body: ownWords(problem),
    actions: [addDestination],
  }),
  'destination/ambiguous': (problem) => ({
    title: 'More than one destination has this name',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  // `count` says how many there are: with several, none of them is the one for this machine.
  'destination/none': (problem) =>
    Number(fact(problem, 'count') ?? 0) > 0
      ? {
          title: 'Which destination should hold this backup?',
          body: 'There are several, and none was chosen for this machine. No data was copied.',
          actions: [chooseOneDestination],
        }
      : {
          title: 'There is no destination yet',
          body: 'Choose a drive or folder that holds your backups. No data was copied.',
          actions: [addDestination],
        },
  'destination/missing': (problem, context) => {
    const seen = fact(problem, 'lastSeen', 'lastSeenAt')
    return {
      title: shorten(destinationName(problem, context), (name) => `${name} isn’t connected`),
      body: sentences(
        context.canWait
          ? 'The backup can start by itself when you connect it. No data was copied.'
          : 'Connect it and try again, or choose another destination. No data was copied.',
        seen === null ? null : `Last seen ${momentWords(seen, context)}.`,
      ),
      actions: context.canWait ? [startWhenConnected, chooseDestination] : [chooseDestination, alsoTryAgain],
    }
  },
  'destination/not-a-folder': (problem) => ({
    title: 'This destination isn’t a folder',
    body: ownWords(problem),
    actions: [chooseDestination],
  }),
  'destination/read-only': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} is read-only`),
    body: sentences(readOnlyReason(fact(problem, 'reason')) ?? ownWords(problem), 'No data was copied.'),
    actions: [chooseDestination],
  }),
  // D6 is the Mac's own protection; elsewhere it is a matter of file permissions.
  'destination/no-permission': (problem, context) =>
    problem.params.privacy === true
      ? {
          title: shorten(destinationName(problem, context), (name) => `macOS doesn’t let Floe use ${name}`),
          body: 'Allow “Removable Volumes” for Floe in Privacy & Security. No data was copied.',
          actions: [openPrivacySettings, alsoTryAgain],
        }
      : {
          title: shorten(destinationName(problem, context), (name) => `Floe isn’t allowed to use ${name}`),
          body: sentences(ownWords(problem), 'No data was copied.'),
          actions: [chooseDestination, alsoTryAgain],
        },
  'destination/full': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} is full`),
    body: sentences(ownWords(problem), 'Your restore points are intact.'),
    actions: [alsoTryAgain, alsoChooseDestination, freeUpSpace],
  }),
  'destination/no-space-before': (problem, context) => {
    const need = size(problem, context, 'need', 'needed', 'neededBytes', 'needBytes')
    const free = size(problem, context, 'free', 'freeBytes')
    return {
      title: shorten(destinationName(problem, context), (name) => `Not enough space on ${name}`),
      body: need === null || free === null ? ownWords(problem) : `This backup needs about ${need}; ${free} is free.`,
      actions: [alsoTryAgain, alsoChooseDestination, freeUpSpace],
    }
  },
  'destination/other-disk': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `This isn’t the ${name} used before`),
    body: 'A different disk has the same name or path. Nothing was written to it.',
    actions: context.canWait ? [useThisDiskToo, waitForTheOther] : [useThisDiskToo, chooseDestination],
  }),
  'destination/locked': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} is locked`),
    body: 'Unlock it in Finder; then the backup can start. No data was copied.',
    actions: context.canWait ? [alsoTryAgain, startWhenUnlocked] : [tryAgain],
  }),
  'destination/fat': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} can’t hold files over 4 GB`),
    body: 'It is formatted as FAT32. Use APFS, HFS+, exFAT, or ext4 on Linux. No data was copied.',
    actions: [chooseDestination],
  }),
  'destination/holds-image': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} keeps its images in this folder`),
    body: sentences(ownWords(problem), 'A backup in the same folder is no help if that folder is lost.'),
    actions: [chooseDestination],
  }),
  'destination/in-use': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} is in use`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'destination/newer-format': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} was written by a newer Floe`),
    body: sentences(ownWords(problem), 'Nothing was written to it.'),
    actions: [chooseDestination],
  }),
  'destination/damaged-marker': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `The marker file of ${name} is damaged`),
    body: sentences(ownWords(problem), 'Nothing was written; the restore points in it were not touched.'),
    actions: [tryAgain],
  }),
  'destination/failed': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} reported an error`),
    body: ownWords(problem),
    actions: [{ ...chooseDestination, primary: false }, tryAgain],
  }),
  'destination/already-added': (problem) => ({
    title: 'This destination is in the list already',
    body: ownWords(problem),
    actions: [dismiss],
  }),
}

/** A moment as people say it; what is no moment stays as it is. */
function momentWords(text: string, { now = new Date(), locale }: ProblemContext): string {
  return Number.isNaN(Date.parse(text)) ? text : formatMomentInText(text, { now, locale })
}

/** D7. */
export function readOnlyReason(reason: string | null): string | null {
  return reason === null ? null : /[.!?]$/.test(reason) ? reason : `${reason}.`
}
