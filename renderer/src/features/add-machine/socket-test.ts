// Testing a socket while its path is typed, pasted or dropped; adding the machine when the test went well.
import { useEffect, useState } from 'react'
import type { ProbeLine } from '../../../../shared/domain/machine.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { socketPathError } from '../../state/socket-path.ts'
import { useActions, useBridge, useUiActions } from '../../state/window-state.tsx'

/** Milliseconds without a key press before the test starts. */
const pauseBeforeTest = 350

export interface SocketTest {
  readonly path: string
  /** The guest agent's socket; empty for none. */
  readonly agent: string
  readonly name: string
  readonly lines: readonly ProbeLine[] | null
  readonly testing: boolean
  readonly adding: boolean
  /** The host refused the test or the adding. */
  readonly problem: Problem | null
  /** A length the system does not allow, as a sentence. */
  readonly pathError: string | null
  readonly agentError: string | null
  /** Why it cannot be added yet; null when it can. */
  readonly whyNot: string | null
  setPath(path: string): void
  setAgent(agent: string): void
  /** Both at once. */
  setBoth(sockets: { readonly path: string; readonly agent: string }): void
  setName(name: string): void
  testNow(): void
  add(): void
}

export function useSocketTest(initialPath: string): SocketTest {
  const actions = useActions()
  const ui = useUiActions()
  const { platform } = useBridge()
  const [request, setRequest] = useState({ path: initialPath, agent: '' })
  const [name, setName] = useState('')
  const [lines, setLines] = useState<readonly ProbeLine[] | null>(null)
  const [testing, setTesting] = useState(false)
  const [adding, setAdding] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const { path, agent } = request
  const qmp = path.trim()
  const agentPath = agent.trim()
  const pathError = socketPathError(qmp, platform)
  const agentError = socketPathError(agentPath, platform)

  useEffect(() => {
    setLines(null)
    setProblem(null)
    setTesting(false)
    const asked = { qmp: request.path.trim(), agent: orNull(request.agent) }
    if (asked.qmp === '' || socketPathError(asked.qmp, platform) !== null) return
    if (asked.agent !== null && socketPathError(asked.agent, platform) !== null) return
    const abort = new AbortController()
    const timer = setTimeout(() => {
      setTesting(true)
      void actions.ask('machines.probe', asked, { signal: abort.signal }).then((result) => {
        if (abort.signal.aborted) return
        setTesting(false)
        if (result.ok) setLines(result.value)
        else setProblem(result.problem)
      })
    }, pauseBeforeTest)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [actions, platform, request])

  const whyNot = whyNotYet(qmp, pathError ?? agentError, lines)
  return {
    path,
    agent,
    name,
    lines,
    testing,
    adding,
    problem,
    pathError,
    agentError,
    whyNot,
    setPath: (next) => setRequest({ path: next, agent }),
    setAgent: (next) => setRequest({ path, agent: next }),
    setBoth: (next) => setRequest(next),
    setName,
    testNow: () => setRequest({ path, agent }),
    add() {
      if (whyNot !== null || adding) return
      setAdding(true)
      void actions.ask('machines.add', { qmp, agent: orNull(agent), name: orNull(name) }).then((result) => {
        setAdding(false)
        if (!result.ok) {
          setProblem(result.problem)
          return
        }
        ui.closeSheet()
        ui.show({ kind: 'machine', machineId: result.value.id })
      })
    },
  }
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}

function whyNotYet(qmp: string, pathError: string | null, lines: readonly ProbeLine[] | null): string | null {
  if (qmp === '') return 'Enter the path of the socket first'
  if (pathError !== null) return pathError
  if (lines === null) return 'The socket has not been tested yet'
  const failed = lines.find((line) => line.result === 'failed')
  return failed === undefined ? null : failed.text
}
