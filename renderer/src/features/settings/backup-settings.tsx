// Where backups go and how fast, unless a machine has its own.
import type { ReactElement } from 'react'
import { formatRate } from '../../../../shared/format/bytes.ts'
import { ListRow } from '../../design/list-row.tsx'
import { Select } from '../../design/select.tsx'
import { useDestinations } from '../../state/selectors.ts'
import { SettingsGroup } from './settings-group.tsx'
import type { SettingsPartProps } from './use-change.ts'

const none = 'none'
/** Bytes per second. */
const limits = [10e6, 25e6, 50e6, 100e6, 200e6, 500e6]

export function BackupSettings({ settings, set }: SettingsPartProps): ReactElement {
  const destinations = useDestinations()
  const rates = [...new Set([...limits, ...(settings.defaultLimit === null ? [] : [settings.defaultLimit])])]
  return (
    <SettingsGroup name="Backups">
      <ListRow
        title="Usual destination"
        detail="For machines without one of their own"
        trailing={
          <Select
            label="Usual destination"
            hideLabel
            testId="settings-destination"
            value={settings.defaultDestinationId ?? none}
            onChange={(value) => set({ defaultDestinationId: value === none ? null : value })}
            choices={[
              { value: none, label: 'None' },
              ...destinations.map((destination) => ({ value: destination.id as string, label: destination.name })),
            ]}
          />
        }
      />
      <ListRow
        title="Speed limit for new backups"
        detail="A running backup has its own, on its card"
        trailing={
          <Select
            label="Speed limit for new backups"
            hideLabel
            testId="settings-limit"
            value={settings.defaultLimit === null ? none : String(settings.defaultLimit)}
            onChange={(value) => set({ defaultLimit: value === none ? null : Number(value) })}
            choices={[
              { value: none, label: 'No limit' },
              ...rates
                .toSorted((one, other) => one - other)
                .map((rate) => ({ value: String(rate), label: formatRate(rate, settings.units) })),
            ]}
          />
        }
      />
    </SettingsGroup>
  )
}
