// The guest's side: the lines that install and start the agent, by system.
import { type ReactElement, useState } from 'react'
import { type GuestSystem, guestSetUps } from '../../../../shared/text/agent-set-up.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import styles from './set-up-agent.module.css'

export function GuestStep(): ReactElement {
  const [system, setSystem] = useState<GuestSystem>('debian')
  const chosen = guestSetUps.find((one) => one.system === system)
  return (
    <>
      <div>
        <SegmentedControl<GuestSystem>
          label="System in the guest"
          value={system}
          onChange={setSystem}
          choices={guestSetUps.map(({ system: value, label }) => ({ value, label }))}
        />
      </div>
      {chosen === undefined ? null : (
        <>
          <CodeBlock code={chosen.lines.join('\n')} label={`the lines for ${chosen.label}`} wrap />
          <p className={styles.note}>{chosen.note}</p>
        </>
      )}
    </>
  )
}
