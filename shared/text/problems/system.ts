// Words for problems of jobs, of this computer, and of the boundary between the window and Floe's core.
import { dismiss, fact, ownWords, sentences, shorten, tryAgain, type WordingsOf } from './problem-text.ts'

export const jobProblems: WordingsOf<'job'> = {
  'job/unknown': (problem) => ({
    title: 'This job isn’t in the list any more',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'job/ambiguous': (problem) => ({ title: 'More than one job matches', body: ownWords(problem), actions: [dismiss] }),
  'job/cannot-pause': (problem) => ({
    title: 'This can’t be paused right now',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'job/cannot-resume': (problem) => ({
    title: 'This can’t go on right now',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'job/cannot-cancel': (problem) => ({
    title: 'This can’t be cancelled right now',
    body: ownWords(problem),
    actions: [dismiss],
  }),
}

export const systemProblems: WordingsOf<'system'> = {
  'system/home-unwritable': (problem) => ({
    title: 'Floe can’t write to its own folder',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'system/tool-missing': (problem) => ({
    title: shorten(fact(problem, 'tool') ?? 'A tool', (name) => `${name} isn’t installed`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'system/tool-failed': (problem) => ({
    title: shorten(fact(problem, 'tool') ?? 'A tool', (name) => `${name} stopped with an error`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'system/unexpected': (problem) => ({
    title: 'Floe hit something it didn’t foresee',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'system/interrupted': (problem) => ({ title: 'This was interrupted', body: ownWords(problem), actions: [tryAgain] }),
}

export const ipcProblems: WordingsOf<'ipc'> = {
  'ipc/unknown-call': (problem) => ({
    title: 'This window and Floe don’t match',
    body: sentences(ownWords(problem), 'Close this window and open it again.'),
    actions: [dismiss],
  }),
  'ipc/invalid-input': (problem) => ({
    title: 'Something in the form isn’t right',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'ipc/forbidden': (problem) => ({
    title: 'This window isn’t allowed to do that',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'ipc/aborted': (problem) => ({ title: 'This was stopped', body: ownWords(problem), actions: [dismiss] }),
  'ipc/disconnected': (problem) => ({
    title: 'The connection to Floe was lost',
    body: sentences(ownWords(problem), 'Running backups go on.'),
    actions: [tryAgain],
  }),
}
