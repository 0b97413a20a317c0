// Words for problems with holding an instant for other programs.
import { dismiss, machineName, ownWords, sentences, shorten, tryAgain, type WordingsOf } from './problem-text.ts'

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
}
