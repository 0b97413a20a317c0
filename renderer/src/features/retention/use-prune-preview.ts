// What these numbers would keep and remove right now: the answer of the core, asked anew when a number or a point
// changes.
import { useEffect, useState } from 'react'
import type { DestinationId, MachineId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { RetentionPolicy, RetentionPreview } from '../../../../shared/domain/retention.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { Input } from '../../../../shared/ipc/contract.ts'
import { useActions } from '../../state/window-state.tsx'

export type PrunePreviewState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'ready'; readonly preview: RetentionPreview }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** Without a destination nothing is asked. */
export function usePrunePreview(
  machineId: MachineId,
  destinationId: DestinationId | null,
  policy: RetentionPolicy,
  points: readonly Point[],
): PrunePreviewState & { readonly again: () => void } {
  const actions = useActions()
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly state: PrunePreviewState } | null>(null)
  const [round, setRound] = useState(0)
  const input: Input<'points.prunePreview'> | null =
    destinationId === null ? null : { machineId, destinationId, policy }
  const facts = points.map((point) => [point.id, point.pinned, point.verification?.ok ?? null])
  const asked = JSON.stringify({ input, facts, round })

  useEffect(() => {
    const { input: question } = JSON.parse(asked) as { input: Input<'points.prunePreview'> | null }
    if (question === null) return
    const abort = new AbortController()
    void actions.ask('points.prunePreview', question, { signal: abort.signal }).then((result) => {
      if (abort.signal.aborted) return
      const state: PrunePreviewState = result.ok
        ? { kind: 'ready', preview: result.value }
        : { kind: 'refused', problem: result.problem }
      setAnswer({ asked, state })
    })
    return () => abort.abort()
  }, [actions, asked])

  // What is removed must be what these numbers say: an older answer is shown as being asked for anew.
  const state = answer === null || answer.asked !== asked ? ({ kind: 'asking' } as const) : answer.state
  return { ...state, again: () => setRound((before) => before + 1) }
}
