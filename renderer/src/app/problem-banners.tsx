// What the host refused: each refusal stays until it is solved, tried again or dismissed.
import { type ReactElement, useState } from 'react'
import { useStore } from 'zustand'
import { describeProblem, type ProblemActionKind, problemDetails } from '../../../shared/text/problems.ts'
import { Banner } from '../design/banner.tsx'
import { Button } from '../design/button.tsx'
import { CodeBlock } from '../design/code-block.tsx'
import type { ShownProblem } from '../state/actions.ts'
import { useDestinations, useSettings } from '../state/selectors.ts'
import type { OpenSheet } from '../state/ui.ts'
import { useActions, useUiActions } from '../state/window-state.tsx'
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
  const ui = useUiActions()
  const { units } = useSettings()
  const [detailed, setDetailed] = useState(false)
  const text = describeProblem(shown.problem, { units })
  const kinds = new Set(text.actions.map((action) => action.kind))
  const close = (): void => actions.dismiss(shown.id)
  const open = (sheet: OpenSheet): (() => void) => {
    return () => {
      close()
      ui.openSheet(sheet)
    }
  }
  const destinations = useDestinations()
  const fix = fixOf(shown, kinds, destinations.length > 0, open)
  return (
    <Banner
      code={shown.problem.code}
      tone={shown.problem.severity === 'warning' ? 'warning' : 'problem'}
      title={text.title}
      actions={
        <>
          <Button size="small" onPress={close}>
            Dismiss
          </Button>
          {fix.onPress === shown.retry ? null : (
            <Button size="small" onPress={shown.retry}>
              Try Again
            </Button>
          )}
          <Button size="small" variant="primary" onPress={fix.onPress}>
            {fix.label}
          </Button>
        </>
      }
    >
      {text.body}{' '}
      <Button variant="plain" size="small" onPress={() => setDetailed(!detailed)}>
        {detailed ? 'Hide Details' : 'Show Details'}
      </Button>
      {detailed ? (
        <div className={styles.details}>
          <CodeBlock code={problemDetails(shown.problem)} label="the details" wrap />
        </div>
      ) : null}
    </Banner>
  )
}

interface Fix {
  readonly label: string
  readonly onPress: () => void
}

/** The one thing most likely to help; trying again when nothing better is known. */
function fixOf(
  shown: ShownProblem,
  kinds: ReadonlySet<ProblemActionKind>,
  anyDestination: boolean,
  open: (sheet: OpenSheet) => () => void,
): Fix {
  // Without a usual destination among several, the core says that there is none for this machine.
  const unsure = kinds.has('choose-destination') || (anyDestination && shown.problem.code === 'destination/none')
  if (unsure && shown.machineId !== null) {
    return {
      label: 'Choose a Destination…',
      onPress: open({ kind: 'back-up-options', machineId: shown.machineId }),
    }
  }
  if (kinds.has('add-destination') && shown.call !== 'destinations.add') {
    return { label: 'Add Destination…', onPress: open({ kind: 'add-destination', path: null }) }
  }
  if (kinds.has('add-machine') && shown.call !== 'machines.add') {
    return { label: 'Add Machine…', onPress: open({ kind: 'add-machine', path: null }) }
  }
  return { label: 'Try Again', onPress: shown.retry }
}
