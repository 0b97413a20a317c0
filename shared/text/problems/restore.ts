// Words for problems with restore points and with restoring them (ux.md 3.3, R1-R6).
import {
  destinationName,
  dismiss,
  fact,
  machineName,
  ownWords,
  restoreElsewhere,
  restoreToNewImage,
  sentences,
  shorten,
  showInFolder,
  shutDownGuest,
  size,
  systemSays,
  tryAgain,
  type WordingsOf,
} from './problem-text.ts'

export const pointProblems: WordingsOf<'point'> = {
  'point/unknown': (problem) => ({
    title: 'This restore point isn’t there any more',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'point/ambiguous': (problem) => ({
    title: 'More than one restore point matches',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'point/damaged': (problem) => ({
    title: 'This restore point is damaged',
    body: sentences(ownWords(problem), 'Nothing was changed. Other restore points may be fine: verify them.'),
    actions: [dismiss],
  }),
  'point/unreadable': (problem) => ({
    title: 'This point can’t be restored',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [showInFolder],
  }),
  'point/newer-format': (problem) => ({
    title: 'This point was made by a newer Floe',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [dismiss],
  }),
  'point/file-missing': (problem) => {
    const file = fact(problem, 'file', 'path')
    return {
      title: 'This point can’t be restored',
      body: sentences(file === null ? ownWords(problem) : `A file it depends on is missing: ${file}.`, problem.remedy),
      actions: [showInFolder],
    }
  },
  'point/unavailable': (problem, context) => ({
    title: shorten(destinationName(problem, context), (name) => `${name} isn’t connected`),
    body: `Connect ${destinationName(problem, context)} to use this restore point.`,
    actions: [tryAgain],
  }),
  'point/no-index': (problem) => ({
    title: 'This point was never checked',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'point/in-use': (problem) => ({
    title: 'This restore point is in use',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'point/protected': (problem) => ({
    title: 'This restore point is protected',
    body: sentences(ownWords(problem), 'Nothing was deleted.'),
    actions: [dismiss],
  }),
  'point/merge-failed': (problem) => ({
    title: 'The restore point couldn’t be deleted',
    body: sentences(ownWords(problem), 'All restore points are as before.'),
    actions: [tryAgain],
  }),
  'point/plan-changed': (problem) => ({
    title: 'The restore points have changed',
    body: sentences(ownWords(problem), 'Nothing was deleted.'),
    actions: [tryAgain],
  }),
  'point/not-comparable': (problem) => ({
    title: 'These points can’t be compared',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'point/delete-failed': (problem) => ({
    title: 'The restore point couldn’t be deleted',
    body: ownWords(problem),
    actions: [tryAgain],
  }),
}

export const restoreProblems: WordingsOf<'restore'> = {
  'restore/machine-running': (problem, context) => {
    const pid = fact(problem, 'pid')
    return {
      title: shorten(machineName(problem, context), (name) => `Turn off ${name} first`),
      body: `Its images are in use${pid === null ? '' : ` by pid ${pid}`}. Swapping them now would destroy data.`,
      actions: [restoreToNewImage, shutDownGuest],
    }
  },
  'restore/no-space': (problem, context) => {
    const need = size(problem, context, 'need', 'needed', 'neededBytes')
    const free = size(problem, context, 'free', 'freeBytes')
    const disk = fact(problem, 'volume', 'directory', 'path')
    return {
      title: 'Not enough space next to the images',
      body: sentences(
        need === null || free === null
          ? ownWords(problem)
          : `Needs ${need}${disk === null ? '' : ` on ${disk}`}; ${free} is free.`,
        'Nothing was changed.',
      ),
      actions: [restoreElsewhere],
    }
  },
  'restore/image-missing': (problem) => ({
    title: 'An image isn’t where it was',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [restoreElsewhere],
  }),
  'restore/image-is-link': (problem) => ({
    title: 'An image is a link to another file',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [restoreElsewhere],
  }),
  'restore/image-shared': (problem) => ({
    title: 'Something else builds on this image',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [restoreElsewhere],
  }),
  'restore/target-exists': (problem) => ({
    title: 'There is a file with this name already',
    body: sentences(ownWords(problem), 'It was not touched.'),
    actions: [restoreElsewhere],
  }),
  'restore/target-not-a-folder': (problem) => ({
    title: 'The chosen place isn’t a folder',
    body: ownWords(problem),
    actions: [restoreElsewhere],
  }),
  'restore/not-writable': (problem) => ({
    title: 'Floe can’t write next to the images',
    body: sentences(ownWords(problem), 'Nothing was changed.'),
    actions: [restoreElsewhere],
  }),
  'restore/build-failed': (problem) => ({
    title: 'The restored image couldn’t be built',
    body: sentences(ownWords(problem), 'All images are as before.'),
    actions: [tryAgain],
  }),
  'restore/check-failed': (problem) => ({
    title: 'The restored image didn’t pass its check',
    body: sentences(ownWords(problem), 'All images are as before.'),
    actions: [tryAgain],
  }),
  'restore/rename-failed': (problem) => {
    if (problem.params.rolledBack === false) {
      return { title: 'The swap stopped halfway', body: ownWords(problem), actions: [showInFolder] }
    }
    const says = systemSays(problem)
    const file = fact(problem, 'file', 'path')
    return {
      title: 'Nothing was swapped',
      body: sentences(
        says === null || file === null ? ownWords(problem) : `${says} on ${file}.`,
        'All images are as before.',
      ),
      actions: [tryAgain],
    }
  },
  'restore/undo-stale': (problem) => {
    const date = fact(problem, 'date', 'changedAt')
    return {
      title: 'Undo isn’t possible any more',
      body: `The undo copy was moved or changed${date === null ? '' : ` on ${date}`}. It wasn’t touched.`,
      actions: [showInFolder],
    }
  },
  'restore/unknown': (problem) => ({
    title: 'This restore isn’t in the list',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'restore/ambiguous': (problem) => ({
    title: 'More than one restore matches',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'restore/already-undone': (problem) => ({
    title: 'This restore was undone already',
    body: ownWords(problem),
    actions: [dismiss],
  }),
  'restore/cancelled': (problem) => ({
    title: 'The restore was cancelled',
    body: sentences(ownWords(problem), 'All images are as before.'),
    actions: [dismiss],
  }),
}
