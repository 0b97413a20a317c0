// Words for problems with the agent inside the guest (ux.md 3.3, B4-B6, X1).
import type { Problem } from '../../errors/problem.ts'
import {
  dismiss,
  machineName,
  ownWords,
  sentences,
  setUpAgent,
  shorten,
  showLog,
  thawNow,
  tryAgain,
  type WordingsOf,
} from './problem-text.ts'

export const agentProblems: WordingsOf<'agent'> = {
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
    title: shorten(machineName(problem, context), (name) => `What answers for ${name} isn’t a guest agent`),
    body: sentences(ownWords(problem), 'Nothing was frozen.'),
    actions: [setUpAgent],
  }),
  'agent/refused': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `The guest agent of ${name} refused`),
    body: ownWords(problem),
    actions: [tryAgain],
  }),
  'agent/too-slow': (problem, context) => ({
    title: `Freezing was undone${waited(problem, ' after ')}`,
    body: `${machineName(problem, context)} didn’t freeze in time, and was thawed. The backup went on without freezing.`,
    actions: [dismiss],
  }),
  'agent/not-thawed': (problem, context) => ({
    title: shorten(machineName(problem, context), (name) => `${name} may still be frozen`),
    body: sentences(
      `The guest hasn’t confirmed the thaw${waited(problem, ' for ')}.`,
      'Programs in it can hang until then. Floe keeps trying.',
    ),
    actions: [showLog, thawNow],
  }),
}

/** " after 10 seconds"; nothing when the problem does not say how long. */
function waited(problem: Problem, word: string): string {
  const ms = problem.params.waitedMs
  if (typeof ms !== 'number') return ''
  const seconds = Math.round(ms / 1000)
  return `${word}${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
}
