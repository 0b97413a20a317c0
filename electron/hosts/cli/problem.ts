import { exitStatusOf, type ProblemCode, problemTable } from '../../../shared/errors/codes.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { Result } from '../../../shared/ipc/result.ts'

/** A command ends with a problem: printed once, and turned into the exit status. */
export class CommandFailed extends Error {
  readonly problem: Problem
  readonly exitStatus: number
  /** Further fields of the `failed` event. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(problem: Problem, options: { exitStatus?: number; details?: Record<string, unknown> } = {}) {
    super(problem.message)
    this.name = 'CommandFailed'
    this.problem = problem
    this.exitStatus = options.exitStatus ?? exitStatusOf(problem.code)
    this.details = options.details ?? {}
  }
}

/** What was typed cannot be meant: exit status 2, with the help of `verb` when that would help. */
export class WrongUsage extends Error {
  readonly verb: string | null

  constructor(message: string, verb: string | null = null) {
    super(message)
    this.name = 'WrongUsage'
    this.verb = verb
  }
}

export function problemOf(
  code: ProblemCode,
  message: string,
  details: { params?: Problem['params']; remedy?: string } = {},
): Problem {
  return {
    code,
    message,
    params: details.params ?? {},
    severity: problemTable[code].severity,
    remedy: details.remedy ?? null,
    causes: [],
  }
}

/** The value, or the problem as an exception. */
export function valueIn<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new CommandFailed(result.problem)
}
