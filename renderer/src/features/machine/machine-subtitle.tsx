// The line below the machine's name in the toolbar: a dot and the state in words.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { pageSubtitle } from '../../../../shared/text/machine-words.ts'
import { StateDot } from '../../design/status-text.tsx'
import { useWordStyle } from '../../state/words.ts'

export function MachineSubtitle({ machine }: { readonly machine: Machine }): ReactElement {
  const style = useWordStyle()
  const { kind } = machine.state
  const frozen = machine.mayBeFrozenSince !== null
  const tone = frozen
    ? 'problem'
    : kind === 'running'
      ? 'ok'
      : kind === 'guest-paused'
        ? 'warning'
        : kind === 'off'
          ? 'off'
          : 'warning'
  return (
    <>
      <StateDot tone={tone} />
      {pageSubtitle(machine, style)}
    </>
  )
}
