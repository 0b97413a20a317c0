// One step of the set-up: its number, or a tick when it is done.
import type { ReactElement, ReactNode } from 'react'
import { CheckCircleIcon } from '../../icons/icons.tsx'
import styles from './set-up-agent.module.css'

export interface StepProps {
  readonly number: number
  readonly title: string
  readonly done: boolean
  readonly children: ReactNode
}

export function Step({ number, title, done, children }: StepProps): ReactElement {
  return (
    <li className={styles.step} data-testid={`agent-step-${number}`}>
      <span className={done ? styles.done : styles.number} aria-hidden="true">
        {done ? <CheckCircleIcon /> : number}
      </span>
      <div className={styles.stepContent}>
        <h3 className={styles.stepTitle}>
          <span className="visually-hidden">Step {number}: </span>
          {title}
          {done ? <span className="visually-hidden">, done</span> : null}
        </h3>
        {children}
      </div>
    </li>
  )
}
