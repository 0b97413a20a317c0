// Keys on the web host, where there is no native menu. On the desktop the menu has the keys, except for what it can't bind.
import { useEffect } from 'react'
import { useWindowState } from '../state/window-state.tsx'
import { commandFor } from './shortcuts.ts'

const editable = 'input, textarea, select, [contenteditable="true"]'

export function useKeyboard(): void {
  const { bridge, commands, ui } = useWindowState()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const inField = event.target instanceof Element && event.target.closest(editable) !== null
      const command = commandFor(event, bridge.platform, inField)
      if (command === null) return
      // A sheet stops what lies behind it, except for the browser's own use of the key (reload, print).
      if (ui.store.getState().sheet !== null) {
        event.preventDefault()
        return
      }
      if (event.defaultPrevented) return
      event.preventDefault()
      commands.run(command)
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [bridge, commands, ui])
}
