// What the host refused: each refusal stays until it is solved, tried again or dismissed.
import { type ReactElement, useState } from 'react'
import { useStore } from 'zustand'
import { describeProblem, problemDetails } from '../../../shared/text/problems.ts'
import { Banner } from '../design/banner.tsx'
import { Button } from '../design/button.tsx'
import { CodeBlock } from '../design/code-block.tsx'
import type { ShownProblem } from '../state/actions.ts'
import { useSettings } from '../state/selectors.ts'
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
  const [open, setOpen] = useState(false)
  const text = describeProblem(shown.problem, { units })
  const kinds = new Set(text.actions.map((action) => action.kind))
  const close = (): void => actions.dismiss(shown.id)
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
          {kinds.has('add-destination') ? (
            <Button
              size="small"
              variant="primary"
              onPress={() => {
                close()
                ui.openSheet({ kind: 'add-destination', path: null })
              }}
            >
              Add Destination…
            </Button>
          ) : kinds.has('add-machine') ? (
            <Button
              size="small"
              variant="primary"
              onPress={() => {
                close()
                ui.openSheet({ kind: 'add-machine', path: null })
              }}
            >
              Add Machine…
            </Button>
          ) : (
            <Button size="small" variant="primary" onPress={shown.retry}>
              Try Again
            </Button>
          )}
        </>
      }
    >
      {text.body}{' '}
      <Button variant="plain" size="small" onPress={() => setOpen(!open)}>
        {open ? 'Hide Details' : 'Show Details'}
      </Button>
      {open ? (
        <div className={styles.details}>
          <CodeBlock code={problemDetails(shown.problem)} label="the details" wrap />
        </div>
      ) : null}
    </Banner>
  )
}
