// Words for problems with the agent inside the guest (ux.md 3.3, B4-B6, X1).
import {
  dismiss,
  machineName,
  ownWords,
  sentences,
  setUpAgent,
  shorten,
  thawNow,
  tryAgain,
  type WordingsOf,
} from './problem-text.ts'

export const agentProblems: WordingsOf<'agent'> = {
  'agent/missing': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} has no guest agent`),
    body: sentences(ownWords(problem), 'Backups work without it; they are like after a power cut.'),
    actions: [setUpAgent],
  }),
  'agent/unreachable': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The guest agent of ${name} can’t be reached`),
    body: ownWords(problem),
    actions: [setUpAgent, { ...tryAgain, primary: false }],
  }),
  'agent/no-answer': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The guest agent of ${name} doesn’t answer`),
    body: sentences(ownWords(problem), 'It may not be installed, or not be running in the guest.'),
    actions: [setUpAgent, { ...tryAgain, primary: false }],
  }),
  'agent/garbage': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `What answers for the agent of ${name} is none`),
    body: sentences(ownWords(problem), 'Nothing was frozen.'),
    actions: [setUpAgent],
  }),
  'agent/refused': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The guest agent of ${name} refused`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'agent/too-slow': (problem, context) => ({
    title: 'Freezing was undone',
    body: sentences(
      ownWords(problem),
      `${machineName(problem, context)} didn’t freeze in time, and was thawed. The backup went on without freezing.`,
    ),
    actions: [dismiss],
  }),
  'agent/not-thawed': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} may still be frozen`),
    body: sentences(ownWords(problem), 'Programs in it can hang until then. Floe keeps trying.'),
    actions: [thawNow],
  }),
}
