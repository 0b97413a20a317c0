// Settings that belong together, under their heading.
import type { ReactElement, ReactNode } from 'react'
import { List } from '../../design/list-row.tsx'
import styles from './settings.module.css'

export function SettingsGroup(props: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <section>
      <h3 className={styles.heading}>{props.name}</h3>
      <List label={props.name}>{props.children}</List>
    </section>
  )
}
