// What keeps Floe away from a machine, in a line with its way out (ux.md 3.3, C1-C6).
import { type ReactElement, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { machineBanner } from '../../../../shared/text/machine-words.ts'
import type { ProblemAction } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock, CopyButton } from '../../design/code-block.tsx'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import styles from './status-strip.module.css'

export function MachineBanner({ machine }: { readonly machine: Machine }): ReactElement | null {
  const actions = useActions()
  const ui = useUiActions()
  const [scriptShown, setScriptShown] = useState(false)
  const [looking, setLooking] = useState(false)
  const banner = machineBanner(machine)
  if (banner === null) return null

  const button = (action: ProblemAction): ReactElement | null => {
    switch (action.kind) {
      case 'copy-option':
      case 'copy-command':
        return banner.snippet === null ? null : (
          <CopyButton key={action.kind} text={banner.snippet} label={action.label}>
            {action.label}
          </CopyButton>
        )
      case 'show-script':
        return (
          <Button key={action.kind} size="small" onPress={() => setScriptShown(!scriptShown)}>
            {scriptShown ? 'Hide Start Command' : 'Show Start Command'}
          </Button>
        )
      case 'try-again':
        return (
          <Button
            key={action.kind}
            size="small"
            busy={looking}
            variant={action.primary ? 'primary' : 'default'}
            onPress={() => {
              setLooking(true)
              void actions.run('machines.refresh', {}).then(() => setLooking(false))
            }}
          >
            {action.label}
          </Button>
        )
      case 'add-machine':
        return (
          <Button key={action.kind} size="small" onPress={() => ui.openSheet({ kind: 'add-machine', path: null })}>
            {action.label}
          </Button>
        )
      default:
        return null
    }
  }

  return (
    <Banner code={banner.code} tone={banner.tone} title={banner.title} actions={banner.actions.map(button)}>
      {banner.body}
      {banner.snippet === null ? null : (
        <div className={styles.snippet}>
          <code className={styles.code}>{banner.snippet}</code>
        </div>
      )}
      {scriptShown && machine.startCommand !== null ? (
        <div className={styles.snippet}>
          <CodeBlock code={machine.startCommand} label="the start command" wrap />
        </div>
      ) : null}
    </Banner>
  )
}
