import type { Problem } from '../errors/problem.ts'

/** What crosses a boundary instead of an exception. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

export function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function failed(problem: Problem): Result<never> {
  return { ok: false, problem }
}
