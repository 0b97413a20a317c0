// Sidebar, page, inspector, and what concerns the whole window: theme, keys, sheets, announcements.
import type { ReactElement } from 'react'
import { classes } from '../design/classes.ts'
import { Sidebar } from '../features/sidebar/sidebar.tsx'
import { inspectorShown } from '../state/ui.ts'
import { useBridge, useCommand, useUi, useUiActions } from '../state/window-state.tsx'
import { Announcer } from './announcer.tsx'
import { CrashGuard } from './crash-guard.tsx'
import { FrozenAlert } from './frozen-alarms.tsx'
import { InspectorColumn, pageHasInspector } from './inspector-column.tsx'
import { useKeyboard } from './keyboard.ts'
import { useNarrow } from './narrow.ts'
import { CurrentPage } from './pages.tsx'
import { usePaneCycling } from './panes.ts'
import { Sheets } from './sheets.tsx'
import styles from './shell.module.css'
import { useTheme } from './theme.ts'
import { useWindowCommands } from './window-commands.ts'

export function Shell(): ReactElement {
  const bridge = useBridge()
  const ui = useUiActions()
  const sidebarOpen = useUi((state) => state.sidebarOpen)
  const inspectorOpen = useUi(inspectorShown)
  const view = useUi((state) => state.view)
  const hasInspector = pageHasInspector(view)
  useTheme()
  useNarrow()
  useKeyboard()
  usePaneCycling()
  useWindowCommands()
  useCommand('toggle-inspector', hasInspector ? ui.toggleInspector : null)
  const frameless = bridge.host === 'desktop' && bridge.platform === 'darwin'
  return (
    <div className={classes(styles.window, frameless && styles.frameless, !sidebarOpen && styles.wide)}>
      {sidebarOpen ? <Sidebar /> : null}
      <div className={styles.content}>
        <CrashGuard onRecover={() => ui.show({ kind: 'overview' })}>
          <CurrentPage view={view} />
        </CrashGuard>
      </div>
      {view.kind === 'machine' && inspectorOpen ? <InspectorColumn machineId={view.machineId} /> : null}
      <CrashGuard onRecover={ui.closeSheet}>
        <Sheets />
      </CrashGuard>
      <FrozenAlert />
      <Announcer />
    </div>
  )
}
