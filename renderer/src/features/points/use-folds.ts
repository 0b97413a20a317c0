// Which earlier chains are unfolded: those that the user opened, and the one that holds the selected point.
import { useCallback, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Chain } from './chain-model.ts'

export interface Folds {
  readonly isOpen: (chain: Chain) => boolean
  readonly set: (chain: Chain, open: boolean) => void
}

export function useFolds(selected: readonly PointId[]): Folds {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const only = selected.length === 1 ? selected[0] : undefined
  const isOpen = useCallback(
    (chain: Chain) => chosen.get(chain.id) ?? chain.points.some((point) => point.id === only),
    [chosen, only],
  )
  return { isOpen, set: (chain, open) => setChosen(new Map(chosen).set(chain.id, open)) }
}
