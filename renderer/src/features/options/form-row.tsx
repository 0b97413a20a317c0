// A line of the options: its name at the left, what it holds at the right.
import type { ReactElement, ReactNode } from 'react'
import styles from './options.module.css'

export function FormRow({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <>
      <span className={styles.name}>{name}</span>
      <div className={styles.value}>{children}</div>
    </>
  )
}
