// F6 and Shift+F6 walk through the panes: sidebar, page, inspector.
import { useCommand } from '../state/window-state.tsx'

const focusable =
  '[data-pane-start], button:not([disabled]), input:not([disabled]), [tabindex="0"], select:not([disabled]), textarea:not([disabled])'

export function usePaneCycling(): void {
  useCommand('next-pane', () => movePane(1))
  useCommand('previous-pane', () => movePane(-1))
}

function movePane(step: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')]
  if (panes.length === 0) return
  const current = panes.findIndex((pane) => pane.contains(document.activeElement))
  const start = current === -1 ? (step === 1 ? -1 : 0) : current
  const pane = panes[(start + step + panes.length) % panes.length]
  const target = pane?.querySelector<HTMLElement>('[data-pane-start]') ?? pane?.querySelector<HTMLElement>(focusable)
  target?.focus()
}
