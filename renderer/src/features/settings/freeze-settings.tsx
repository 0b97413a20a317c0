// Freezing the guest's file systems while a backup starts: whether, for how long, and whether it is required.
import type { ReactElement } from 'react'
import { Checkbox } from '../../design/checkbox.tsx'
import { ListRow } from '../../design/list-row.tsx'
import { Select } from '../../design/select.tsx'
import { SettingsGroup } from './settings-group.tsx'
import type { SettingsPartProps } from './use-change.ts'

/** Seconds; the settings allow 1 to 60. */
const enterLimits = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60]
/** Seconds; the settings allow 1 to 10. */
const holdLimits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

export function FreezeSettings({ settings, set }: SettingsPartProps): ReactElement {
  return (
    <SettingsGroup name="Freezing">
      <ListRow
        title={
          <Checkbox
            checked={settings.freeze}
            onChange={(freeze) => set({ freeze })}
            hint="With the guest agent, for some milliseconds. Such restore points need no repair at boot."
            testId="settings-freeze"
          >
            Freeze file systems while a backup starts
          </Checkbox>
        }
      />
      <ListRow
        title={
          <Checkbox
            checked={settings.requireFreeze}
            onChange={(requireFreeze) => set({ requireFreeze })}
            hint="No backup at all of a running machine that can’t be frozen"
            testId="settings-require-freeze"
          >
            Require freeze
          </Checkbox>
        }
      />
      <ListRow
        title="Limit for freezing"
        detail="A guest that needs longer is thawed, and the backup goes on without"
        trailing={
          <Seconds
            label="Limit for freezing"
            testId="settings-freeze-limit"
            value={settings.freezeLimitSeconds}
            offered={enterLimits}
            onChange={(freezeLimitSeconds) => set({ freezeLimitSeconds })}
          />
        }
      />
      <ListRow
        title="Limit for staying frozen"
        detail="Programs in the guest can’t write for this long at most"
        trailing={
          <Seconds
            label="Limit for staying frozen"
            testId="settings-freeze-hold"
            value={settings.freezeHoldSeconds}
            offered={holdLimits}
            onChange={(freezeHoldSeconds) => set({ freezeHoldSeconds })}
          />
        }
      />
    </SettingsGroup>
  )
}

function Seconds(props: {
  readonly label: string
  readonly testId: string
  readonly value: number
  readonly offered: readonly number[]
  readonly onChange: (seconds: number) => void
}): ReactElement {
  const values = [...new Set([...props.offered, props.value])].toSorted((one, other) => one - other)
  return (
    <Select
      label={props.label}
      hideLabel
      testId={props.testId}
      value={String(props.value)}
      onChange={(value) => props.onChange(Number(value))}
      choices={values.map((value) => ({ value: String(value), label: value === 1 ? '1 second' : `${value} seconds` }))}
    />
  )
}
