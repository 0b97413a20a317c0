// Changes a setting at once; a refusal is shown in the sheet, since the page lies behind it.
import { useState } from 'react'
import type { Settings } from '../../../../shared/domain/settings.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { useActions } from '../../state/window-state.tsx'

export type SetSettings = (change: Partial<Settings>) => void

export function useSettingsChange(): { readonly set: SetSettings; readonly problem: Problem | null } {
  const actions = useActions()
  const [problem, setProblem] = useState<Problem | null>(null)
  return {
    problem,
    set: (change) =>
      void actions.ask('settings.set', change).then((result) => setProblem(result.ok ? null : result.problem)),
  }
}

export interface SettingsPartProps {
  readonly settings: Settings
  readonly set: SetSettings
}
