// What the buttons beside a problem do, wherever the problem is shown: on a job's card, in a banner, in the activity
// list. An action without a handler is not offered there.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { DiskId, MachineId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { ProblemActionKind } from '../../../shared/text/problems.ts'
import { type BackUpChange, useBackUp } from './back-up.ts'
import { useFreeUpSpace } from './free-up-space.ts'
import { useDestinations, useMachine } from './selectors.ts'
import { useActions, useHost, useUiActions } from './window-state.tsx'

export type ProblemHandlers = Partial<Record<ProblemActionKind, () => void>>

export interface ProblemPlace {
  readonly problem: Problem
  readonly machineId: MachineId | null
  /** The backup that failed or was refused; its choices are kept when it is started in another way. */
  readonly backup: BackUpChange | null
}

export function useProblemHandlers({ problem, machineId, backup }: ProblemPlace): ProblemHandlers {
  const ui = useUiActions()
  const actions = useActions()
  const host = useHost()
  const machine = useMachine(machineId)
  const backUp = useBackUp(machineId)
  const destinations = useDestinations()
  const meant = spokenOf(problem, destinations) ?? destinations.find((one) => one.id === backup?.destinationId)
  const freeUpSpace = useFreeUpSpace(machineId, meant?.id ?? null)
  const anywhere: ProblemHandlers = {
    'add-destination': () => ui.openSheet({ kind: 'add-destination', path: null }),
    'show-log': () => ui.show({ kind: 'activity' }),
    'add-machine': () => ui.openSheet({ kind: 'add-machine', path: null }),
    ...(host?.platform === 'darwin' && host.can.showInFolder
      ? { 'open-privacy-settings': () => void actions.run('host.openPrivacySettings', {}) }
      : {}),
  }
  if (machineId === null) return anywhere
  const options = () => ui.openSheet({ kind: 'back-up-options', machineId })
  const whenPossible = () => backUp({ ...backup, whenPossible: true })
  return {
    ...anywhere,
    'choose-destination': options,
    'choose-disks': options,
    ...(freeUpSpace === null ? {} : { 'free-up-space': freeUpSpace }),
    'set-up-agent': () => ui.openSheet({ kind: 'set-up-agent', machineId }),
    'thaw-now': () => void actions.run('machines.thaw', { machineId }),
    'start-when-done': whenPossible,
    'back-up-when-it-runs': whenPossible,
    'back-up-without-freezing': () => backUp({ ...backup, freeze: false, requireFreeze: false }),
    'leave-disk-out': () => {
      const leaveOut = diskOf(problem, machine)
      ui.openSheet({ kind: 'back-up-options', machineId, ...(leaveOut === null ? {} : { leaveOut }) })
    },
  }
}

/** The destination a problem speaks of; none when several have its name. */
function spokenOf({ params }: Problem, destinations: readonly Destination[]): Destination | undefined {
  const there = destinations.find(({ path }) => path === params.path)
  const called = destinations.filter(({ name }) => name === (params.destination ?? params.name))
  return there ?? (called.length === 1 ? called[0] : undefined)
}

/** The disk a problem speaks of, as the machine calls it; null when the machine has none of that name. */
function diskOf(problem: Problem, machine: Machine | null): DiskId | null {
  const names = [problem.params.diskId, problem.params.disk]
  const disk = machine?.disks.find(
    ({ id, aliases, node, imagePath }) =>
      names.includes(id) ||
      (node !== null && names.includes(node)) ||
      (imagePath !== null && names.some((name) => name === imagePath || name === imagePath.split('/').at(-1))) ||
      aliases.some((alias) => names.includes(alias)),
  )
  return disk?.id ?? null
}
