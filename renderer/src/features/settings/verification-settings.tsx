// Reading restore points back in the background: how much a day, or not at all.
import type { ReactElement } from 'react'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { ListRow } from '../../design/list-row.tsx'
import { Select } from '../../design/select.tsx'
import { SettingsGroup } from './settings-group.tsx'
import type { SettingsPartProps } from './use-change.ts'

const off = 'off'
/** Bytes a day. */
const budgets = [5e9, 10e9, 25e9, 50e9, 100e9, 250e9, 500e9]

export function VerificationSettings({ settings, set }: SettingsPartProps): ReactElement {
  const { verifyPerDay, units } = settings
  const all = [...new Set([...budgets, ...(verifyPerDay === null ? [] : [verifyPerDay])])]
  return (
    <SettingsGroup name="Verification">
      <ListRow
        title="Verify in the background"
        detail="Restore points are read back and compared with their checksums, the longest unverified first, whenever nothing else runs"
        trailing={
          <Select
            label="Verify in the background"
            hideLabel
            testId="settings-verify"
            value={verifyPerDay === null ? off : String(verifyPerDay)}
            onChange={(value) => set({ verifyPerDay: value === off ? null : Number(value) })}
            choices={[
              { value: off, label: 'Off' },
              ...all
                .toSorted((one, other) => one - other)
                .map((bytes) => ({ value: String(bytes), label: `${formatBytes(bytes, units)} a day` })),
            ]}
          />
        }
      />
    </SettingsGroup>
  )
}
