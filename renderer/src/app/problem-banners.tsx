// What the host refused: each refusal stays until it is solved, tried again or dismissed.
import { type ReactElement, useState } from 'react'
import { useStore } from 'zustand'
import type { Input } from '../../../shared/ipc/contract.ts'
import { describeProblem, type ProblemText, problemDetails } from '../../../shared/text/problems.ts'
import { Banner } from '../design/banner.tsx'
import { Button } from '../design/button.tsx'
import { CodeBlock } from '../design/code-block.tsx'
import type { ShownProblem } from '../state/actions.ts'
import type { BackUpChange } from '../state/back-up.ts'
import { type ProblemHandlers, useProblemHandlers } from '../state/problem-actions.ts'
import { useDestinations, useMachine, useSettings } from '../state/selectors.ts'
import { useActions } from '../state/window-state.tsx'
import styles from './problem-banners.module.css'

export function ProblemBanners(): ReactElement {
  const problems = useStore(useActions().problems)
  return (
    <>
      {problems.map((shown) => (
        <ProblemBanner key={shown.id} shown={shown} />
      ))}
    </>
  )
}

function ProblemBanner({ shown }: { readonly shown: ShownProblem }): ReactElement {
  const actions = useActions()
  const { units } = useSettings()
  const [detailed, setDetailed] = useState(false)
  const machine = useMachine(shown.machineId)
  const anyDestination = useDestinations().length > 0
  const text = describeProblem(shown.problem, {
    units,
    machine: machine?.name ?? null,
    canWait: shown.call === 'backup.start',
  })
  const { machineId, problem } = shown
  const handlers = useProblemHandlers({ problem, machineId, backup: backupOf(shown) })
  const close = (): void => actions.dismiss(shown.id)
  return (
    <Banner
      code={problem.code}
      tone={problem.severity === 'warning' ? 'warning' : 'problem'}
      title={text.title}
      actions={
        <>
          <Button size="small" onPress={close}>
            Dismiss
          </Button>
          {buttonsOf(shown, text, handlers, anyDestination).map((button) => (
            <Button
              key={button.label}
              size="small"
              variant={button.primary ? 'primary' : 'default'}
              onPress={() => {
                close()
                button.act()
              }}
            >
              {button.label}
            </Button>
          ))}
        </>
      }
    >
      {text.body}{' '}
      <Button variant="plain" size="small" onPress={() => setDetailed(!detailed)}>
        {detailed ? 'Hide Details' : 'Show Details'}
      </Button>
      {detailed ? (
        <div className={styles.details}>
          <CodeBlock code={problemDetails(problem)} label="the details" wrap />
        </div>
      ) : null}
    </Banner>
  )
}

interface BannerButton {
  readonly label: string
  readonly primary: boolean
  readonly act: () => void
}

/** Trying again is always possible; what is most likely to help stands last and is the primary one. */
function buttonsOf(
  shown: ShownProblem,
  text: ProblemText,
  handlers: ProblemHandlers,
  anyDestination: boolean,
): readonly BannerButton[] {
  const again: BannerButton = { label: 'Try Again', primary: false, act: shown.retry }
  const choose = handlers['choose-destination']
  // Without a usual destination among several, the core says that there is none for this machine.
  if (anyDestination && shown.problem.code === 'destination/none' && choose !== undefined) {
    return [again, { label: 'Choose a Destination…', primary: true, act: choose }]
  }
  const offered = text.actions.flatMap((action): readonly BannerButton[] => {
    const handler = action.kind === 'try-again' ? shown.retry : handlers[action.kind]
    const same =
      shown.call === 'destinations.add' ? 'add-destination' : shown.call === 'machines.add' ? 'add-machine' : ''
    return handler === undefined || action.kind === same
      ? []
      : [{ label: action.label, primary: action.primary, act: handler }]
  })
  const all = offered.some((button) => button.act === shown.retry) ? offered : [again, ...offered]
  const sorted = all.toSorted((one, other) => Number(one.primary) - Number(other.primary))
  return sorted.map((button, index) => ({ ...button, primary: index === sorted.length - 1 }))
}

/** What the refused backup was asked to be. */
function backupOf(shown: ShownProblem): BackUpChange | null {
  if (shown.call !== 'backup.start') return null
  const { machineId: _, ...backup } = shown.input as Input<'backup.start'>
  return backup
}
