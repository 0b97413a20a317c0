// What the backup would do with these choices, asked anew after each change of them, of the machine and of the place.
import { useEffect, useState } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { BackupPreview, Input } from '../../../../shared/ipc/contract.ts'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import { useActions } from '../../state/window-state.tsx'
import { diskIdsOf, freezeWishes } from './choices.ts'

export type PreviewState =
  | { readonly kind: 'asking' }
  /** `wished`: the choice of kind that it answers. */
  | { readonly kind: 'ready'; readonly preview: BackupPreview; readonly wished: BackUpChoices['kind'] }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** Equal texts of it need no new answer. */
interface Asked {
  readonly input: Input<'backup.preview'> | null
  readonly circumstances: readonly (string | number)[]
}

/** Milliseconds until what stands in the way is looked at again. */
const lookAgainMs = 5000

/** Without a destination nothing is asked. */
export function usePreview(machine: Machine, destination: Destination | null, choices: BackUpChoices): PreviewState {
  const actions = useActions()
  const [state, setState] = useState<PreviewState>({ kind: 'asking' })
  const [round, setRound] = useState(0)
  const hindered = state.kind === 'refused' || (state.kind === 'ready' && state.preview.obstacle !== null)
  const question: Asked = {
    input:
      destination === null
        ? null
        : {
            machineId: machine.id,
            destinationId: destination.id,
            diskIds: diskIdsOf(machine, choices),
            kind: choices.kind,
            ...freezeWishes(choices),
          },
    circumstances: [machine.state.kind, machine.agent.kind, destination?.state.kind ?? '', round],
  }
  const asked = JSON.stringify(question)

  useEffect(() => {
    const { input } = JSON.parse(asked) as Asked
    if (input === null) return
    const abort = new AbortController()
    void actions.ask('backup.preview', input, { signal: abort.signal }).then((result) => {
      if (abort.signal.aborted) return
      setState(
        result.ok
          ? { kind: 'ready', preview: result.value, wished: input.kind ?? 'automatic' }
          : { kind: 'refused', problem: result.problem },
      )
    })
    return () => abort.abort()
  }, [actions, asked])

  useEffect(() => {
    if (!hindered) return
    const timer = setInterval(() => setRound((before) => before + 1), lookAgainMs)
    return () => clearInterval(timer)
  }, [hindered])
  return state
}
