// The frame of every page: toolbar with title, the page's own actions, search and the inspector switch; then the body.
import { type ReactElement, type ReactNode, useRef } from 'react'
import { IconButton } from '../design/icon-button.tsx'
import { SearchField } from '../design/search-field.tsx'
import { Toolbar } from '../design/toolbar.tsx'
import { InspectorIcon, SidebarIcon } from '../icons/icons.tsx'
import { inspectorShown } from '../state/ui.ts'
import { useCommand, useUi, useUiActions } from '../state/window-state.tsx'
import styles from './page.module.css'
import { WindowBanners } from './window-banners.tsx'

export interface PageProps {
  readonly title: string
  /** The state in words; may start with a StateDot. */
  readonly subtitle?: ReactNode
  /** Buttons of the page, main one first. */
  readonly actions?: ReactNode
  /** True for pages that have an inspector: shows its switch. */
  readonly inspector?: boolean
  /** False for pages without a list to search. */
  readonly searchable?: boolean
  readonly children: ReactNode
}

export function Page({ title, subtitle, actions, inspector, searchable = true, children }: PageProps): ReactElement {
  const ui = useUiActions()
  const search = useUi((state) => state.search)
  const sidebarOpen = useUi((state) => state.sidebarOpen)
  const inspectorOpen = useUi(inspectorShown)
  const field = useRef<HTMLInputElement>(null)
  useCommand('search', searchable ? () => field.current?.focus() : null)
  return (
    <main className={styles.page} data-pane="main">
      <Toolbar
        title={title}
        subtitle={subtitle}
        leading={
          sidebarOpen ? null : (
            <span className={styles.leading} data-no-drag>
              <IconButton label="Show Sidebar" icon={<SidebarIcon />} onPress={ui.toggleSidebar} />
            </span>
          )
        }
      >
        {actions}
        {inspector ? (
          <IconButton
            label="Inspector"
            icon={<InspectorIcon />}
            pressed={inspectorOpen}
            onPress={ui.toggleInspector}
            testId="toggle-inspector"
          />
        ) : null}
        {searchable ? (
          <SearchField label={`Search ${title}`} value={search} onChange={ui.setSearch} inputRef={field} />
        ) : null}
      </Toolbar>
      <WindowBanners />
      <div className={styles.body} data-testid="page-body">
        {children}
      </div>
    </main>
  )
}
