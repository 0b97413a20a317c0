// What stands in the way of a backup and may pass by itself: then the button waits for it instead of failing.
import type { Problem } from '../../../../shared/errors/problem.ts'
import { describeProblem, type ProblemContext, type ProblemText } from '../../../../shared/text/problems.ts'
import type { PreviewState } from './use-preview.ts'

export interface Obstacle {
  readonly problem: Problem
  readonly text: ProblemText
  /** "Start When Connected" */
  readonly button: string
}

/** Null when nothing is in the way, or nothing that is worth waiting for. */
export function obstacleOf(state: PreviewState, context: ProblemContext): Obstacle | null {
  if (state.kind === 'asking') return null
  const problem = state.kind === 'ready' ? state.preview.obstacle : state.problem
  if (problem === null) return null
  const text = describeProblem(problem, { ...context, canWait: true })
  const wait = text.actions.find(({ kind }) => kind === 'start-when-done' || kind === 'back-up-when-it-runs')
  // What the host itself calls an obstacle can be waited for, whatever its words offer.
  if (wait === undefined && state.kind === 'refused') return null
  return { problem, text, button: wait?.label ?? 'Start When Done' }
}
