// Sidebar, page, inspector; above them what concerns the whole window: lost connection, refused actions, sheets.
import type { ReactElement } from 'react'
import { Banner } from '../design/banner.tsx'
import { classes } from '../design/classes.ts'
import { Sidebar } from '../features/sidebar/sidebar.tsx'
import { useBridge, useCommand, useConnected, useUi, useUiActions } from '../state/window-state.tsx'
import { Announcer } from './announcer.tsx'
import { InspectorColumn, pageHasInspector } from './inspector-column.tsx'
import { useKeyboard } from './keyboard.ts'
import { CurrentPage } from './pages.tsx'
import { usePaneCycling } from './panes.ts'
import { ProblemBanners } from './problem-banners.tsx'
import { Sheets } from './sheets.tsx'
import styles from './shell.module.css'
import { useTheme } from './theme.ts'
import { useWindowCommands } from './window-commands.ts'

export function Shell(): ReactElement {
  const bridge = useBridge()
  const ui = useUiActions()
  const sidebarOpen = useUi((state) => state.sidebarOpen)
  const inspectorOpen = useUi((state) => state.inspectorOpen)
  const view = useUi((state) => state.view)
  const hasInspector = pageHasInspector(view)
  useTheme()
  useKeyboard()
  usePaneCycling()
  useWindowCommands()
  useCommand('toggle-inspector', hasInspector ? ui.toggleInspector : null)
  const frameless = bridge.host === 'desktop' && bridge.platform === 'darwin'
  return (
    <div className={classes(styles.window, frameless && styles.frameless, !sidebarOpen && styles.wide)}>
      {sidebarOpen ? <Sidebar /> : null}
      <div className={styles.content}>
        <WindowBanners />
        <CurrentPage view={view} />
      </div>
      {view.kind === 'machine' && inspectorOpen ? <InspectorColumn machineId={view.machineId} /> : null}
      <Sheets />
      <Announcer />
    </div>
  )
}

function WindowBanners(): ReactElement {
  const connected = useConnected()
  return (
    <div className={styles.banners}>
      {connected ? null : (
        <Banner code="connection-lost" tone="warning" title="Floe isn’t connected">
          What you see is from a moment ago. The window connects again by itself as soon as Floe is running; backups
          that are being copied go on meanwhile.
        </Banner>
      )}
      <ProblemBanners />
    </div>
  )
}
