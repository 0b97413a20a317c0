// Asking the host for something, and making its refusal visible. The stores change only when the host says so.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { Bridge } from '../../../shared/ipc/channels.ts'
import type { CallName, Input, Output } from '../../../shared/ipc/contract.ts'
import type { Result } from '../../../shared/ipc/result.ts'
import type { CancelSignal } from '../../../shared/ipc/signal.ts'

/** A refused call that the window shows in a banner until it is dismissed or tried again. */
export interface ShownProblem {
  readonly id: number
  readonly call: CallName
  /** What was asked. */
  readonly input: object
  readonly problem: Problem
  /** The machine the call was about. */
  readonly machineId: MachineId | null
  readonly retry: () => void
}

export interface Actions {
  readonly problems: StoreApi<readonly ShownProblem[]>
  /** For sheets that show a refusal themselves. Never rejects. */
  ask<N extends CallName>(
    name: N,
    input: Input<N>,
    options?: { readonly signal?: CancelSignal },
  ): Promise<Result<Output<N>>>
  /** For buttons: a refusal becomes a banner and the answer is null. Never rejects. */
  run<N extends CallName>(name: N, input: Input<N>): Promise<Output<N> | null>
  dismiss(id: number): void
}

export function createActions(bridge: Bridge): Actions {
  const problems = createStore<readonly ShownProblem[]>(() => [])
  let lastId = 0

  const dismiss = (id: number): void =>
    problems.setState(
      problems.getState().filter((shown) => shown.id !== id),
      true,
    )

  const ask: Actions['ask'] = async (name, input, options) => {
    try {
      return await bridge.invoke(name, input, options)
    } catch (cause) {
      return { ok: false, problem: disconnected(cause) }
    }
  }

  const run: Actions['run'] = async (name, input) => {
    for (const shown of problems.getState()) if (shown.call === name) dismiss(shown.id)
    const result = await ask(name, input)
    if (result.ok) return result.value
    lastId += 1
    const id = lastId
    const retry = (): void => {
      dismiss(id)
      void run(name, input)
    }
    problems.setState(
      [...problems.getState(), { id, call: name, input, problem: result.problem, machineId: machineOf(input), retry }],
      true,
    )
    return null
  }

  return { problems, ask, run, dismiss }
}

function machineOf(input: object): MachineId | null {
  return 'machineId' in input && typeof input.machineId === 'string' ? (input.machineId as MachineId) : null
}

function disconnected(cause: unknown): Problem {
  return {
    code: 'ipc/disconnected',
    message: 'Floe did not answer.',
    params: {},
    severity: 'error',
    remedy: 'Try again; if it stays like this, start Floe again.',
    causes: [cause instanceof Error ? cause.message : String(cause)],
  }
}
