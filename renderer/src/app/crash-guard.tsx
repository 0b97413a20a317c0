// The last resort: a page that cannot be drawn says so and can be drawn anew. Backups run in the host and go on.
import { Component, type ReactNode } from 'react'
import { Button } from '../design/button.tsx'
import { CodeBlock } from '../design/code-block.tsx'
import { EmptyState } from '../design/empty-state.tsx'
import { ProblemIcon } from '../icons/icons.tsx'

export interface CrashGuardProps {
  readonly children: ReactNode
  /** Leaves what could not be drawn, e.g. goes to the overview. */
  readonly onRecover: () => void
}

interface CrashGuardState {
  readonly error: Error | null
}

export class CrashGuard extends Component<CrashGuardProps, CrashGuardState> {
  override state: CrashGuardState = { error: null }

  static getDerivedStateFromError(error: Error): CrashGuardState {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <main data-pane="main" data-testid="crash">
        <EmptyState
          name="crash"
          icon={ProblemIcon}
          title="This page can’t be shown"
          actions={
            <Button
              variant="primary"
              onPress={() => {
                this.props.onRecover()
                this.setState({ error: null })
              }}
            >
              Show Overview
            </Button>
          }
          footer={<CodeBlock code={error.stack ?? error.message} label="the details" wrap />}
        >
          Something in the window went wrong. Backups and restores are not touched by it; they go on.
        </EmptyState>
      </main>
    )
  }
}
