// What deleting these points frees, moves and must be asked for twice: asked anew when one of the points changes.
import { useEffect, useState } from 'react'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { DeletePreview } from '../../../shared/domain/retention.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { useActions, useTopic } from './window-state.tsx'

export type DeletePreviewState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'ready'; readonly preview: DeletePreview }
  | { readonly kind: 'refused'; readonly problem: Problem }

export function useDeletePreview(pointIds: readonly PointId[]): DeletePreviewState {
  const actions = useActions()
  const { byId } = useTopic('points')
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly state: DeletePreviewState } | null>(null)
  const facts = pointIds.map((id) => [id, byId[id]?.pinned ?? null, byId[id]?.bytes ?? null])
  const asked = JSON.stringify({ pointIds, facts })

  useEffect(() => {
    const { pointIds: wanted } = JSON.parse(asked) as { pointIds: PointId[] }
    if (wanted.length === 0) return
    const abort = new AbortController()
    void actions.ask('points.deletePreview', { pointIds: wanted }, { signal: abort.signal }).then((result) => {
      if (abort.signal.aborted) return
      const state: DeletePreviewState = result.ok
        ? { kind: 'ready', preview: result.value }
        : { kind: 'refused', problem: result.problem }
      setAnswer({ asked, state })
    })
    return () => abort.abort()
  }, [actions, asked])

  return answer === null || answer.asked !== asked ? { kind: 'asking' } : answer.state
}
