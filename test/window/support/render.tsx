// Renders the window, or one component of it, against a fake host.
import './setup.ts'
import { type RenderResult, render } from '@testing-library/react'
import { type UserEvent, userEvent } from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { App } from '../../../renderer/src/app/app.tsx'
import type { Memory } from '../../../renderer/src/state/ui.ts'
import { createWindowState, type WindowState, WindowStateProvider } from '../../../renderer/src/state/window-state.tsx'
import { createFakeBridge, type FakeBridge } from './fake-bridge.ts'

export interface Rendered extends RenderResult {
  readonly bridge: FakeBridge
  readonly state: WindowState
  readonly user: UserEvent
}

export function memory(initial: Readonly<Record<string, string>> = {}): Memory {
  const values = new Map(Object.entries(initial))
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
  }
}

export function renderWindow(bridge: FakeBridge = createFakeBridge()): Rendered {
  const state = createWindowState(bridge, memory())
  return { ...render(<App state={state} />), bridge, state, user: userEvent.setup() }
}

export function renderPart(part: ReactElement, bridge: FakeBridge = createFakeBridge()): Rendered {
  const state = createWindowState(bridge, memory())
  const result = render(<WindowStateProvider state={state}>{part}</WindowStateProvider>)
  return { ...result, bridge, state, user: userEvent.setup() }
}
