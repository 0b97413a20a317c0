// Settings; every change applies at once, there is no Save (ux.md S15, as far as it exists).
import type { ReactElement } from 'react'
import type { Settings } from '../../../../shared/domain/settings.ts'
import { formatRate } from '../../../../shared/format/bytes.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { Select } from '../../design/select.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useDestinations, useSettings } from '../../state/selectors.ts'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import styles from './settings.module.css'

const none = 'none'
/** Bytes per second. */
const limits = [10e6, 25e6, 50e6, 100e6, 200e6, 500e6]

export function SettingsSheet(): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const host = useHost()
  const settings = useSettings()
  const destinations = useDestinations()
  const set = (change: Partial<Settings>): void => void actions.run('settings.set', change)
  const rates = [...new Set([...limits, ...(settings.defaultLimit === null ? [] : [settings.defaultLimit])])]
  return (
    <Sheet
      name="settings"
      title="Settings"
      width={520}
      onClose={ui.closeSheet}
      footer={
        <>
          {host === null ? null : <span className={styles.version}>Floe {host.version}</span>}
          <SheetSpace />
          <Button variant="primary" onPress={ui.closeSheet} autoFocus>
            Done
          </Button>
        </>
      }
    >
      <List label="Settings">
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
      </List>
    </Sheet>
  )
}
