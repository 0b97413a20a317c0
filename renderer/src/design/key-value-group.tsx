// A group of "name: value" lines, as in the inspector.
import type { ReactElement, ReactNode } from 'react'
import type { Tone } from './chip.tsx'
import { classes } from './classes.ts'
import styles from './group.module.css'

export interface KeyValue {
  readonly key: string
  readonly value: ReactNode
  readonly tone?: Tone
  /** Paths and nodes. */
  readonly mono?: boolean
}

export interface KeyValueGroupProps {
  /** Small heading above the group. */
  readonly label?: string
  readonly items: readonly KeyValue[]
  readonly testId?: string
}

export function KeyValueGroup({ label, items, testId }: KeyValueGroupProps): ReactElement {
  return (
    <div className={styles.outer} data-testid={testId}>
      {label === undefined ? null : <h3 className={styles.label}>{label}</h3>}
      <dl className={styles.group}>
        {items.map((item) => (
          <div className={styles.line} key={item.key}>
            <dt className={styles.key}>{item.key}</dt>
            <dd className={classes(styles.value, styles[item.tone ?? 'plain'], item.mono && styles.mono)}>
              {item.value}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

/** The same frame around other lines. */
export function Group({ label, children }: { readonly label?: string; readonly children: ReactNode }): ReactElement {
  return (
    <div className={styles.outer}>
      {label === undefined ? null : <h3 className={styles.label}>{label}</h3>}
      <div className={styles.group}>{children}</div>
    </div>
  )
}
