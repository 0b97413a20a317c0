// How the window looks and counts.
import type { ReactElement } from 'react'
import { ListRow } from '../../design/list-row.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { SettingsGroup } from './settings-group.tsx'
import type { SettingsPartProps } from './use-change.ts'

export function GeneralSettings({ settings, set }: SettingsPartProps): ReactElement {
  return (
    <SettingsGroup name="General">
      <ListRow
        title="Appearance"
        trailing={
          <SegmentedControl
            label="Appearance"
            value={settings.theme}
            onChange={(theme) => set({ theme })}
            choices={[
              { value: 'system', label: 'System' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
        }
      />
      <ListRow
        title="Units"
        detail={settings.units === 'decimal' ? '1 GB is 1,000,000,000 bytes' : '1 GiB is 1,073,741,824 bytes'}
        trailing={
          <SegmentedControl
            label="Units"
            value={settings.units}
            onChange={(units) => set({ units })}
            choices={[
              { value: 'decimal', label: 'GB' },
              { value: 'binary', label: 'GiB' },
            ]}
          />
        }
      />
    </SettingsGroup>
  )
}
