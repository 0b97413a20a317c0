// Keep: last, daily, weekly, monthly, yearly. Each a number of restore points.
import type { ReactElement } from 'react'
import type { RetentionPolicy } from '../../../../shared/domain/retention.ts'
import { policyParts } from '../../../../shared/text/keeping-words.ts'
import { NumberField } from '../../design/number-field.tsx'
import styles from './retention.module.css'

const labels: Readonly<Record<keyof RetentionPolicy, string>> = {
  last: 'Last',
  daily: 'Daily',
  weekly: 'Weekly',
  monthly: 'Monthly',
  yearly: 'Yearly',
}

/** The contract's own limit. */
const most = 10_000

export interface PolicyFieldsProps {
  readonly policy: RetentionPolicy
  readonly onChange: (policy: RetentionPolicy) => void
}

export function PolicyFields({ policy, onChange }: PolicyFieldsProps): ReactElement {
  return (
    <fieldset className={styles.fields} aria-label="How many to keep">
      {policyParts.map((part) => (
        <NumberField
          key={part}
          label={labels[part]}
          value={policy[part]}
          min={0}
          max={most}
          onChange={(count) => onChange({ ...policy, [part]: count })}
          testId={`keep-${part}`}
        />
      ))}
    </fieldset>
  )
}
