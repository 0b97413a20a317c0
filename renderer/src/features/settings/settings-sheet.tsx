// Settings; every change applies at once, there is no Save (ux.md S15, as far as it exists).
import type { ReactElement } from 'react'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useSettings } from '../../state/selectors.ts'
import { useHost, useUiActions } from '../../state/window-state.tsx'
import { BackupSettings } from './backup-settings.tsx'
import { FreezeSettings } from './freeze-settings.tsx'
import { GeneralSettings } from './general-settings.tsx'
import { GuestSettings } from './guest-settings.tsx'
import styles from './settings.module.css'
import { useSettingsChange } from './use-change.ts'
import { VerificationSettings } from './verification-settings.tsx'

export function SettingsSheet(): ReactElement {
  const ui = useUiActions()
  const host = useHost()
  const settings = useSettings()
  const { set, problem } = useSettingsChange()
  return (
    <Sheet
      name="settings"
      title="Settings"
      width={560}
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
      {problem === null ? null : (
        <div className={styles.refusal}>
          <Banner code={problem.code} tone="problem" title={describeProblem(problem).title}>
            {describeProblem(problem).body}
          </Banner>
        </div>
      )}
      <GeneralSettings settings={settings} set={set} />
      <BackupSettings settings={settings} set={set} />
      <FreezeSettings settings={settings} set={set} />
      <GuestSettings settings={settings} set={set} />
      <VerificationSettings settings={settings} set={set} />
    </Sheet>
  )
}
