// Everything a window needs, made once per window and handed down by React context, so that tests bring their own host.
import { createContext, type ReactElement, type ReactNode, useContext, useEffect, useRef, useState } from 'react'
import { createStore, type StoreApi, useStore } from 'zustand'
import type { Bridge, MenuCommand } from '../../../shared/ipc/channels.ts'
import type { HostInfo, TopicItem, TopicName } from '../../../shared/ipc/contract.ts'
import { type Actions, createActions } from './actions.ts'
import { type CommandHub, createCommandHub } from './commands.ts'
import { createStores, type Entities, type Stores } from './stores.ts'
import { startSync } from './sync.ts'
import { createUi, type Memory, type Ui, type UiState } from './ui.ts'

export interface WindowState {
  readonly bridge: Bridge
  readonly stores: Stores
  readonly ui: Ui
  readonly actions: Actions
  readonly commands: CommandHub
  /** False while the web host cannot be reached. */
  readonly connected: StoreApi<boolean>
  /** Null until the host introduced itself. */
  readonly host: StoreApi<HostInfo | null>
  /** Starts following the host; call the answer to stop. */
  start(): () => void
}

export function createWindowState(bridge: Bridge, memory: Memory): WindowState {
  const stores = createStores()
  const actions = createActions(bridge)
  const commands = createCommandHub()
  const ui = createUi(memory)
  const connected = createStore<boolean>(() => true)
  const host = createStore<HostInfo | null>(() => null)
  return {
    bridge,
    stores,
    ui,
    actions,
    commands,
    connected,
    host,
    start() {
      const stopSync = startSync(bridge, stores)
      const stopMenu = bridge.onMenuCommand((command) => {
        // A sheet stops what lies behind it.
        if (ui.store.getState().sheet === null) commands.run(command)
      })
      const stopConnection = bridge.onConnection((up) => connected.setState(up, true))
      void actions.run('app.hello', {}).then((info) => {
        if (info !== null) host.setState(info, true)
      })
      return () => {
        stopSync()
        stopMenu()
        stopConnection()
      }
    },
  }
}

const Context = createContext<WindowState | null>(null)

export function WindowStateProvider(props: {
  readonly state: WindowState
  readonly children: ReactNode
}): ReactElement {
  const { state } = props
  useEffect(() => state.start(), [state])
  return <Context value={state}>{props.children}</Context>
}

export function useWindowState(): WindowState {
  const state = useContext(Context)
  if (state === null) throw new Error('A component of the window was used outside WindowStateProvider.')
  return state
}

export const useBridge = (): Bridge => useWindowState().bridge
export const useUiActions = (): Ui => useWindowState().ui
export const useActions = (): Actions => useWindowState().actions
export const useConnected = (): boolean => useStore(useWindowState().connected)
export const useHost = (): HostInfo | null => useStore(useWindowState().host)

export function useUi<Part>(select: (state: UiState) => Part): Part {
  return useStore(useWindowState().ui.store, select)
}

/** All entities of a topic, as the store keeps them. */
export function useTopic<T extends TopicName>(topic: T): Entities<TopicItem<T>> {
  return useStore(useWindowState().stores[topic] as unknown as StoreApi<Entities<TopicItem<T>>>)
}

/** Carries out a command while the component is shown; null when it cannot right now. */
export function useCommand(command: MenuCommand, handler: (() => void) | null): void {
  const { commands } = useWindowState()
  const newest = useRef(handler)
  useEffect(() => {
    newest.current = handler
  })
  const able = handler !== null
  useEffect(() => {
    if (!able) return
    return commands.register(command, () => newest.current?.())
  }, [commands, command, able])
}

/** The current time in ms, renewed every `every` ms while the component is shown. */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
