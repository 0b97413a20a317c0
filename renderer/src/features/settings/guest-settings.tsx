// What a backup may cost its guest and the drive of this computer.
import type { ReactElement } from 'react'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { Checkbox } from '../../design/checkbox.tsx'
import { ListRow } from '../../design/list-row.tsx'
import { Select } from '../../design/select.tsx'
import { ScratchFolder } from './scratch-folder.tsx'
import { SettingsGroup } from './settings-group.tsx'
import type { SettingsPartProps } from './use-change.ts'

const none = 'none'
/** Bytes. */
const limits = [1e9, 2e9, 5e9, 10e9, 20e9, 50e9, 100e9]

export function GuestSettings({ settings, set }: SettingsPartProps): ReactElement {
  const { scratchLimit } = settings
  const rooms = [...new Set([...limits, ...(scratchLimit === null ? [] : [scratchLimit])])]
  return (
    <SettingsGroup name="Guest first">
      <ListRow
        title={
          <Checkbox
            checked={settings.guestFirst}
            onChange={(guestFirst) => set({ guestFirst })}
            hint="Floe watches how long the guest’s writes take while it copies"
            testId="settings-guest-first"
          >
            Slow the copy down when the guest’s writes suffer
          </Checkbox>
        }
      />
      <ListRow
        title="Scratch folder"
        detail={
          <>
            The guest’s old data waits here while it is copied, so that a slow destination can’t hold the guest up. It
            should be on a fast drive of this computer.
            <ScratchFolder folder={settings.scratchFolder} set={set} />
          </>
        }
      />
      <ListRow
        title="Most room for scratch data"
        detail="A backup that needs more ends; the guest goes on"
        trailing={
          <Select
            label="Most room for scratch data"
            hideLabel
            testId="settings-scratch-limit"
            value={scratchLimit === null ? none : String(scratchLimit)}
            onChange={(value) => set({ scratchLimit: value === none ? null : Number(value) })}
            choices={[
              { value: none, label: 'All but a reserve' },
              ...rooms
                .toSorted((one, other) => one - other)
                .map((room) => ({ value: String(room), label: formatBytes(room, settings.units) })),
            ]}
          />
        }
      />
    </SettingsGroup>
  )
}
