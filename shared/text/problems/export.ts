// Words for problems with holding an instant for other programs.
import type { Problem } from '../../errors/problem.ts'
import { dismiss, fact, machineName, ownWords, sentences, shorten, tryAgain, type WordingsOf } from './problem-text.ts'

const incomplete = 'What was read from the export can’t be relied on.'

/** False when the problem kept the export from beginning. */
const wasHeld = (problem: Problem): boolean => problem.params.before !== true

export const exportProblems: WordingsOf<'export'> = {
  'export/nbd-server-taken': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} serves NBD for another program`),
    body: sentences(ownWords(problem), 'A QEMU has one NBD server. Nothing was changed.'),
    actions: [tryAgain],
  }),
  'export/not-possible': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} can’t be exported`),
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'export/not-tracked': (problem) => ({
    title: 'Changes since that point aren’t tracked',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [dismiss],
  }),
  'export/ended': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The export of ${name} ended early`),
    body: sentences(ownWords(problem), 'What was read from it is not complete.'),
    actions: [tryAgain],
  }),
  'export/command-failed': (problem) => ({
    title: 'The command that read the export failed',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'export/no-disks': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} has no disk to export`),
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'export/disk-unknown': (problem) => ({
    title: 'A disk to export isn’t there',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'export/disk-excluded': (problem) => ({
    title: shorten(fact(problem, 'disk') ?? 'This disk', (name) => `${name} can’t be exported`),
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'export/job-clash': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `Another job is using a disk of ${name}`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'export/freeze-required': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `Not exported: ${name} couldn’t be frozen`),
    body: sentences('The export was to be made only of a frozen guest.', ownWords(problem)),
    actions: [tryAgain],
  }),
  'export/scratch-full': (problem) => ({
    title: 'Not enough room for the guest’s old data',
    body: sentences(ownWords(problem), wasHeld(problem) ? incomplete : null),
    actions: [tryAgain],
  }),
  'export/started-while-off': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) =>
      wasHeld(problem) ? `${name} was started during the export` : `${name} isn’t off after all`,
    ),
    body: sentences(ownWords(problem), wasHeld(problem) ? incomplete : null),
    actions: [tryAgain],
  }),
  'export/changed-while-off': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The images of ${name} changed during the export`),
    body: sentences(ownWords(problem), incomplete),
    actions: [tryAgain],
  }),
}
