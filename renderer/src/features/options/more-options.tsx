// The folded part: what is rarely changed. Its heading tells what is set while it is folded.
import { type ReactElement, useState } from 'react'
import { Disclosure, DisclosurePanel, Heading, Button as Trigger } from 'react-aria-components'
import type { Settings } from '../../../../shared/domain/settings.ts'
import { formatRate, type Units } from '../../../../shared/format/bytes.ts'
import { Checkbox } from '../../design/checkbox.tsx'
import { Select } from '../../design/select.tsx'
import { ChevronDownIcon, ChevronRightIcon } from '../../icons/icons.tsx'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import styles from './options.module.css'

const limits = [10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000] as const

export interface MoreOptionsProps {
  readonly choices: BackUpChoices
  readonly settings: Settings
  readonly units: Units
  readonly onChange: (change: Partial<BackUpChoices>) => void
}

export function MoreOptions({ choices, settings, units, onChange }: MoreOptionsProps): ReactElement {
  const [open, setOpen] = useState(false)
  const { limit, check, prove } = choices
  const usual = settings.defaultLimit === null ? 'No Limit' : `Usual: ${formatRate(settings.defaultLimit, units)}`
  const rates = [...new Set([...limits, ...(limit === null ? [] : [limit])])].toSorted((one, other) => one - other)
  const summary = [
    limit === null
      ? settings.defaultLimit === null
        ? 'no speed limit'
        : usual
      : `At most ${formatRate(limit, units)}`,
    check ? 'checked afterwards' : 'not checked',
    ...(prove ? ['proven'] : []),
  ].join(', ')
  return (
    <Disclosure className={styles.more ?? ''} isExpanded={open} onExpandedChange={setOpen}>
      <Heading level={3} className={styles.moreHeading ?? ''}>
        <Trigger slot="trigger" className={styles.moreTrigger ?? ''} data-testid="more-options">
          {open ? <ChevronDownIcon small /> : <ChevronRightIcon small />}
          More
          {open ? null : <span className={styles.moreSummary}>{summary}</span>}
        </Trigger>
      </Heading>
      <DisclosurePanel>
        <div className={styles.moreContent}>
          <Select
            label="Speed limit"
            value={limit === null ? 'none' : String(limit)}
            onChange={(value) => onChange({ limit: value === 'none' ? null : Number(value) })}
            choices={[
              { value: 'none', label: usual },
              ...rates.map((rate) => ({ value: String(rate), label: `At Most ${formatRate(rate, units)}` })),
            ]}
          />
          <Checkbox
            checked={check}
            onChange={(next) => onChange({ check: next })}
            hint="Reads the whole copy back, so that damage can be found later"
            testId="check-afterwards"
          >
            Check the copy afterwards
          </Checkbox>
          <Checkbox
            checked={prove}
            onChange={(next) => onChange({ prove: next })}
            hint="Reads the machine’s disks of that instant once more and compares every byte with the finished copy: so you see for yourself, once, that the whole way works on your machine"
            testId="prove"
          >
            Prove the copy
          </Checkbox>
        </div>
      </DisclosurePanel>
    </Disclosure>
  )
}
