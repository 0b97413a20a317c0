// Commands that work on every page.
import { useMachines } from '../state/selectors.ts'
import { useCommand, useUiActions } from '../state/window-state.tsx'

export function useWindowCommands(): void {
  const ui = useUiActions()
  const machines = useMachines()
  useCommand('overview', () => ui.show({ kind: 'overview' }))
  useCommand('activity', () => ui.show({ kind: 'activity' }))
  useCommand('settings', () => ui.openSheet({ kind: 'settings' }))
  useCommand('add-machine', () => ui.openSheet({ kind: 'add-machine', path: null }))
  useCommand('add-destination', () => ui.openSheet({ kind: 'add-destination', path: null }))
  useCommand('toggle-sidebar', ui.toggleSidebar)
  const show = (number: number): (() => void) | null => {
    const machine = machines[number - 1]
    return machine === undefined ? null : () => ui.show({ kind: 'machine', machineId: machine.id })
  }
  useCommand('machine-1', show(1))
  useCommand('machine-2', show(2))
  useCommand('machine-3', show(3))
  useCommand('machine-4', show(4))
  useCommand('machine-5', show(5))
  useCommand('machine-6', show(6))
  useCommand('machine-7', show(7))
  useCommand('machine-8', show(8))
  useCommand('machine-9', show(9))
}
