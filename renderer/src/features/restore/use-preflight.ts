// The pre-flight of a restore, live: asked when the sheet opens, when the machine's state changes, every few seconds
// while the sheet is open, and once more at the click (ux.md 3.1).
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Preflight } from '../../../../shared/domain/restore.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { Result } from '../../../../shared/ipc/result.ts'

const every = 3000

export interface LivePreflight {
  /** The last answer; null before the first. */
  readonly preflight: Preflight | null
  /** Why there is no answer. */
  readonly problem: Problem | null
  /** Asks now; the answer is null when the question was refused. */
  check(): Promise<Preflight | null>
}

/** `ask` must keep its identity while it asks the same; `trigger` asks anew when it changes; null pauses asking. */
export function usePreflight(ask: (() => Promise<Result<Preflight>>) | null, trigger: string): LivePreflight {
  const [preflight, setPreflight] = useState<Preflight | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const newest = useRef(0)
  const check = useCallback(async () => {
    if (ask === null) return null
    newest.current += 1
    const mine = newest.current
    const result = await ask()
    if (mine === newest.current) {
      setProblem(result.ok ? null : result.problem)
      if (result.ok) setPreflight(result.value)
    }
    return result.ok ? result.value : null
  }, [ask])
  useEffect(() => {
    if (trigger !== '') void check()
    const timer = setInterval(() => void check(), every)
    return () => clearInterval(timer)
  }, [check, trigger])
  return { preflight, problem, check }
}
