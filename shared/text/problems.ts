// Problems in words: from a stable code and its facts to a title, a body that says what happened, what state the data
// is in and what to do now, and the buttons (ux.md 3.2, 3.3). A code without words does not compile.
import type { ProblemCode } from '../errors/codes.ts'
import type { Problem } from '../errors/problem.ts'
import { agentProblems } from './problems/agent.ts'
import { backupProblems } from './problems/backup.ts'
import { destinationProblems } from './problems/destination.ts'
import { exportProblems } from './problems/export.ts'
import { machineProblems } from './problems/machine.ts'
import type { ProblemContext, ProblemText, Wording } from './problems/problem-text.ts'
import { pointProblems, restoreProblems } from './problems/restore.ts'
import { ipcProblems, jobProblems, systemProblems } from './problems/system.ts'

export type { ProblemAction, ProblemActionKind, ProblemContext, ProblemText } from './problems/problem-text.ts'

const wordings: Readonly<Record<ProblemCode, Wording>> = {
  ...machineProblems,
  ...agentProblems,
  ...destinationProblems,
  ...backupProblems,
  ...exportProblems,
  ...pointProblems,
  ...restoreProblems,
  ...jobProblems,
  ...systemProblems,
  ...ipcProblems,
}

/** Words a problem for the place that shows it. */
export function describeProblem(problem: Problem, context: ProblemContext = {}): ProblemText {
  return wordings[problem.code](problem, context)
}

/** What "Show Details" has: code, severity and every cause, as plain text to copy. */
export function problemDetails(problem: Problem): string {
  const facts = Object.entries(problem.params).map(([name, value]) => `${name}: ${value}`)
  return [`code: ${problem.code}`, problem.message, ...facts, ...problem.causes.map((cause) => `cause: ${cause}`)].join(
    '\n',
  )
}
