// The window: everything below the state. Layout is shell.tsx, pages and sheets are composed in pages.tsx and sheets.tsx.
import type { ReactElement } from 'react'
import { type WindowState, WindowStateProvider } from '../state/window-state.tsx'
import { Shell } from './shell.tsx'

export function App({ state }: { readonly state: WindowState }): ReactElement {
  return (
    <WindowStateProvider state={state}>
      <Shell />
    </WindowStateProvider>
  )
}
