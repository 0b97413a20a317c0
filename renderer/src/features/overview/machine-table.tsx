// One row per machine; the columns sort.
import { type ReactElement, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime, formatMoment } from '../../../../shared/format/dates.ts'
import { machineSubtitle } from '../../../../shared/text/machine-words.ts'
import { Chip } from '../../design/chip.tsx'
import { classes } from '../../design/classes.ts'
import { StateDot, StatusText } from '../../design/status-text.tsx'
import { MachineIcon, WarningIcon } from '../../icons/icons.tsx'
import { useActivity, usePoints, useSettings } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import { backupFailures, type Day, DayDots, DaysLabel, daysOf } from './day-dots.tsx'
import styles from './overview.module.css'

type Column = 'name' | 'lastGood' | 'days' | 'state' | 'space'

const columns: readonly { readonly id: Column; readonly label: string; readonly sorts?: false }[] = [
  { id: 'name', label: 'Machine' },
  { id: 'lastGood', label: 'Last good' },
  { id: 'days', label: 'Last days', sorts: false },
  { id: 'state', label: 'State' },
  { id: 'space', label: 'Space' },
]

interface Row {
  readonly machine: Machine
  readonly lastGood: string
  readonly days: readonly Day[]
  readonly state: string
  readonly space: number
}

export interface MachineTableProps {
  readonly machines: readonly Machine[]
  /** Time in ms. */
  readonly now: number
}

export function MachineTable({ machines, now }: MachineTableProps): ReactElement {
  const [sort, setSort] = useState<{ readonly column: Column; readonly down: boolean }>({ column: 'name', down: false })
  const points = usePoints(null)
  const failures = backupFailures(useActivity())
  const style = { now: new Date(now) }
  const space = new Map<string, number>()
  for (const point of points) space.set(point.machineId, (space.get(point.machineId) ?? 0) + point.bytes)
  const rows = machines
    .map(
      (machine): Row => ({
        machine,
        lastGood: machine.lastGoodPoint?.createdAt ?? '',
        days: daysOf(
          points.filter((point) => point.machineId === machine.id),
          failures.filter((line) => line.machineId === machine.id),
          style,
        ),
        state: machineSubtitle(machine, style),
        space: space.get(machine.id) ?? 0,
      }),
    )
    .toSorted((one, other) => compare(one, other, sort.column) * (sort.down ? -1 : 1))
  return (
    <table className={styles.table} aria-label="Machines">
      <thead>
        <tr>
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              className={styles[column.id]}
              aria-sort={sort.column !== column.id ? undefined : sort.down ? 'descending' : 'ascending'}
            >
              {column.sorts === false ? (
                <DaysLabel />
              ) : (
                <button
                  type="button"
                  className={styles.sort}
                  onClick={() => setSort({ column: column.id, down: sort.column === column.id && !sort.down })}
                >
                  {column.label}
                  <span aria-hidden="true">{sort.column !== column.id ? '' : sort.down ? ' ↓' : ' ↑'}</span>
                </button>
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <MachineLine key={row.machine.id} row={row} now={style.now} />
        ))}
      </tbody>
    </table>
  )
}

function MachineLine({ row, now }: { readonly row: Row; readonly now: Date }): ReactElement {
  const ui = useUiActions()
  const { units } = useSettings()
  const { machine } = row
  const good = machine.lastGoodPoint
  const quiet = machine.state.kind === 'off' || machine.state.kind === 'unplugged'
  return (
    <tr className={styles.line} data-testid={`overview-machine-${machine.id}`}>
      <td className={styles.name}>
        <span className={styles.nameCell}>
          <MachineIcon />
          <button
            type="button"
            className={styles.open}
            onClick={() => ui.show({ kind: 'machine', machineId: machine.id })}
          >
            <bdi>{machine.name}</bdi>
          </button>
          {machine.origin === 'demo' ? <Chip tone="accent">Demo</Chip> : null}
        </span>
      </td>
      <td className={styles.lastGood}>
        {good === null ? (
          <StatusText tone="warning" icon={<WarningIcon small />}>
            Never
          </StatusText>
        ) : (
          <span title={formatExactTime(good.createdAt, { now })}>{formatMoment(good.createdAt, { now })}</span>
        )}
      </td>
      <td className={styles.days}>
        <DayDots list={row.days} />
      </td>
      <td className={classes(styles.state, quiet && styles.quiet)}>
        <span className={styles.stateCell}>
          <StateDot tone={toneOf(machine)} />
          <span className={styles.stateText}>{row.state}</span>
        </span>
      </td>
      <td className={styles.space} title={formatExactBytes(row.space, units)}>
        {row.space === 0 ? '–' : formatBytes(row.space, units)}
      </td>
    </tr>
  )
}

function toneOf(machine: Machine): 'ok' | 'warning' | 'problem' | 'off' {
  if (machine.mayBeFrozenSince !== null) return 'problem'
  switch (machine.state.kind) {
    case 'running':
      return 'ok'
    case 'off':
    case 'unplugged':
    case 'not-qemu':
      return 'off'
    default:
      return 'warning'
  }
}

function compare(one: Row, other: Row, column: Column): number {
  switch (column) {
    case 'name':
      return one.machine.name.localeCompare(other.machine.name, undefined, { numeric: true })
    case 'lastGood':
      return one.lastGood.localeCompare(other.lastGood)
    case 'state':
      return one.state.localeCompare(other.state)
    case 'days':
      return 0
    case 'space':
      return one.space - other.space
  }
}
