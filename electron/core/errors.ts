import { type ProblemCode, problemTable } from '../../shared/errors/codes.ts'
import type { Problem, ProblemParams } from '../../shared/errors/problem.ts'

/**
 * The one error the core throws on purpose. `message` is a finished sentence that names what is wrong;
 * `remedy` says what to do; `cause` keeps QEMU's or the system's own error.
 */
export class FloeError extends Error {
  readonly code: ProblemCode
  readonly params: ProblemParams
  readonly remedy: string | null

  constructor(
    code: ProblemCode,
    message: string,
    details: { params?: ProblemParams; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'FloeError'
    this.code = code
    this.params = details.params ?? {}
    this.remedy = details.remedy ?? null
  }
}

function causesOf(error: unknown): string[] {
  const texts: string[] = []
  for (let cause = error instanceof Error ? error.cause : undefined; cause !== undefined && texts.length < 5; ) {
    texts.push(cause instanceof Error ? cause.message : String(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return texts
}

/** Turns anything thrown into a `Problem`. What Floe did not foresee becomes `system/unexpected` with the original text. */
export function toProblem(error: unknown): Problem {
  if (error instanceof FloeError) {
    return {
      code: error.code,
      message: error.message,
      params: error.params,
      severity: problemTable[error.code].severity,
      remedy: error.remedy,
      causes: causesOf(error),
    }
  }
  const text = error instanceof Error ? error.message : String(error)
  return {
    code: 'system/unexpected',
    message: `Floe hit an error it did not expect: ${text}`,
    params: {},
    severity: 'error',
    remedy: 'The log has the details. Look what has happened before you try again.',
    causes: causesOf(error),
  }
}
