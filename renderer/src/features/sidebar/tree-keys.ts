// Arrow keys, Home, End and typing inside the sidebar's tree. Pages open as the focus reaches them, actions do not.
import type { KeyboardEvent } from 'react'

export function moveInTree(event: KeyboardEvent<HTMLElement>): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="treeitem"]')]
  const current = rows.findIndex((row) => row.matches(':focus'))
  const target = targetOf(event, rows, current)
  if (target === undefined) return
  event.preventDefault()
  target.focus()
  if (target.dataset.action === undefined) target.click()
}

function targetOf(event: KeyboardEvent, rows: readonly HTMLElement[], current: number): HTMLElement | undefined {
  switch (event.key) {
    case 'ArrowDown':
      return rows[current + 1]
    case 'ArrowUp':
      return rows[Math.max(0, current - 1)]
    case 'Home':
      return rows[0]
    case 'End':
      return rows.at(-1)
  }
  if (event.key.length !== 1 || event.key === ' ' || event.metaKey || event.ctrlKey || event.altKey) return undefined
  const letter = event.key.toLowerCase()
  const after = [...rows.slice(current + 1), ...rows.slice(0, Math.max(0, current))]
  return after.find((row) => row.getAttribute('aria-label')?.toLowerCase().startsWith(letter))
}
