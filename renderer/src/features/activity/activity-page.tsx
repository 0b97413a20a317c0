// What happened, newest first; problems stay counted until they are solved or dismissed (ux.md S13).
import { type ReactElement, useState } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import { Page } from '../../app/page.tsx'
import { Button } from '../../design/button.tsx'
import { EmptyState } from '../../design/empty-state.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { ActivityIcon, CheckCircleIcon } from '../../icons/icons.tsx'
import { useActivity, useOpenProblems } from '../../state/selectors.ts'
import { useNow, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import styles from './activity.module.css'
import { ActivityRow } from './activity-row.tsx'

/** Rows shown at first, and more with each click. */
const pageSize = 200

export function ActivityPage(): ReactElement {
  const all = useActivity()
  const open = useOpenProblems()
  const { loaded } = useTopic('activity')
  const search = useUi((state) => state.search)
  const [filter, setFilter] = useState<'all' | 'problems'>('all')
  const [most, setMost] = useState(pageSize)
  const now = useNow(30_000)
  const lines = all.filter((line) => (filter === 'all' || line.level === 'problem') && matches(line, search))
  return (
    <Page
      title="Activity"
      subtitle={
        open.length === 0 ? 'No open problems' : `${open.length} open ${open.length === 1 ? 'problem' : 'problems'}`
      }
      actions={
        <SegmentedControl
          label="Which lines"
          value={filter}
          onChange={setFilter}
          choices={[
            { value: 'all', label: 'All' },
            { value: 'problems', label: open.length === 0 ? 'Problems' : `Problems ${open.length}` },
          ]}
        />
      }
    >
      {lines.length === 0 ? (
        loaded ? (
          <Nothing filtered={all.length > 0} />
        ) : null
      ) : (
        <ul className={styles.list} aria-label="Activity">
          {lines.slice(0, most).map((line) => (
            <ActivityRow key={line.id} line={line} now={new Date(now)} />
          ))}
        </ul>
      )}
      {lines.length > most ? (
        <div>
          <Button onPress={() => setMost(most + pageSize)}>Show Older</Button>
        </div>
      ) : null}
    </Page>
  )
}

function matches(line: Activity, search: string): boolean {
  const wanted = search.trim().toLowerCase()
  return wanted === '' || `${line.subject} ${line.text}`.toLowerCase().includes(wanted)
}

function Nothing({ filtered }: { readonly filtered: boolean }): ReactElement {
  const ui = useUiActions()
  if (!filtered) {
    return (
      <EmptyState
        name="activity"
        icon={ActivityIcon}
        title="Nothing has happened yet"
        actions={<Button onPress={() => ui.show({ kind: 'overview' })}>Show Overview</Button>}
      >
        Backups, restores and problems are listed here.
      </EmptyState>
    )
  }
  return (
    <EmptyState name="activity-filtered" icon={CheckCircleIcon} title="Nothing matches">
      No line fits the filter and the search.
    </EmptyState>
  )
}
