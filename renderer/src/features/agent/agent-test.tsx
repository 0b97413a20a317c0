// Asks the agent now. Where the start command does not tell the agent's socket, it can be entered here.
import { type ReactElement, useState } from 'react'
import type { AgentState, Machine } from '../../../../shared/domain/machine.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { agentWords } from '../../../../shared/text/agent-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { StatusText } from '../../design/status-text.tsx'
import { TextField } from '../../design/text-field.tsx'
import { CheckCircleIcon, InfoIcon, WarningIcon } from '../../icons/icons.tsx'
import { socketPathError } from '../../state/socket-path.ts'
import { useActions, useBridge } from '../../state/window-state.tsx'
import styles from './set-up-agent.module.css'

const icons = { ok: CheckCircleIcon, info: InfoIcon, warning: WarningIcon } as const
const tones = { ok: 'ok', info: 'plain', warning: 'warning' } as const

export function AgentTest({ machine }: { readonly machine: Machine }): ReactElement {
  const actions = useActions()
  const { platform } = useBridge()
  const known = machine.agentPath ?? ''
  /** Null until something was typed: then the field follows the machine. */
  const [typed, setTyped] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<{ readonly agent: AgentState; readonly before: AgentState } | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const path = (typed ?? known).trim()
  const changed = path !== known
  const pathError = socketPathError(path, platform)

  const test = async (): Promise<void> => {
    if (busy || whyNot !== null) return
    setBusy(true)
    setAnswer(null)
    setProblem(null)
    const set = changed
      ? await actions.ask('machines.setAgent', { machineId: machine.id, agent: path === '' ? null : path })
      : null
    const result = set?.ok === false ? set : await actions.ask('machines.askAgent', { machineId: machine.id })
    setBusy(false)
    if (set?.ok === true) setTyped(null)
    if (!result.ok) setProblem(result.problem)
    else if ('kind' in result.value) setAnswer({ agent: result.value, before: machine.agent })
  }
  const whyNot =
    pathError ??
    (path === '' && !changed
      ? 'There is no channel yet: follow step 1, or enter the socket'
      : machine.state.kind === 'running' || changed
        ? null
        : `${machine.name} isn’t running`)

  return (
    <>
      <div className={styles.line}>
        <div className={styles.grow}>
          <TextField
            label="Agent socket, or HOST:PORT"
            mono
            value={typed ?? known}
            onChange={(next) => {
              setTyped(next)
              setAnswer(null)
              setProblem(null)
            }}
            onSubmit={() => void test()}
            placeholder="/home/ann/.qmp/debian-agent.sock"
            hint="Only needed when Floe doesn’t find it in the start command. Leave it empty to go by that again."
            error={pathError}
            testId="agent-socket"
          />
        </div>
        <div className={styles.atField}>
          <Button onPress={() => void test()} busy={busy} disabledReason={whyNot} testId="agent-test">
            {changed ? 'Use and Test' : 'Test'}
          </Button>
        </div>
      </div>
      <div role="status">
        {busy ? <p className={styles.note}>Asking the agent…</p> : null}
        {answer === null ? null : (
          // What the machine has told since is newer.
          <Answer machine={machine.agent === answer.before ? { ...machine, agent: answer.agent } : machine} />
        )}
      </div>
      {problem === null ? null : (
        <Banner code={problem.code} tone="problem" title={describeProblem(problem, { machine: machine.name }).title}>
          {describeProblem(problem, { machine: machine.name }).body}
        </Banner>
      )}
    </>
  )
}

function Answer({ machine }: { readonly machine: Machine }): ReactElement {
  const words = agentWords(machine, new Date())
  const Icon = icons[words.tone]
  return (
    <div data-testid="agent-answer">
      <StatusText icon={<Icon small />} tone={tones[words.tone]}>
        {words.title}
      </StatusText>
      <p className={styles.note}>{words.body}</p>
    </div>
  )
}
