// A dot per day: was there a good backup, and what is it worth (ux.md S1)? Shape tells, each dot has a name.
import type { ReactElement } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { type DateStyle, dayKey, formatDay } from '../../../../shared/format/dates.ts'
import { isDamaged } from '../../../../shared/text/point-words.ts'
import styles from './overview.module.css'

const days = 14

export type DayResult = 'good' | 'crash-consistent' | 'failed' | 'none'

export interface Day {
  readonly key: string
  readonly result: DayResult
  /** "Yesterday: frozen" */
  readonly name: string
}

/** The last 14 days of one machine, oldest first. The best point of a day counts; a failure only without one. */
export function daysOf(points: readonly Point[], failures: readonly Activity[], style: DateStyle): readonly Day[] {
  const noon = new Date(style.now)
  noon.setHours(12, 0, 0, 0)
  return Array.from({ length: days }, (_, index) => {
    const moment = new Date(noon)
    moment.setDate(noon.getDate() - (days - 1 - index))
    const key = dayKey(moment, style)
    const own = points.filter((point) => !isDamaged(point) && dayKey(point.createdAt, style) === key)
    const best = own.find((point) => point.consistency !== 'crash-consistent') ?? own[0]
    const failed = failures.some((line) => dayKey(line.at, style) === key)
    const result: DayResult =
      best === undefined
        ? failed
          ? 'failed'
          : 'none'
        : best.consistency === 'crash-consistent'
          ? best.consistency
          : 'good'
    const word = best?.consistency ?? (failed ? 'failed' : 'no backup')
    return { key, result, name: `${formatDay(moment, style)}: ${word}` }
  })
}

/** Failed backups among the lines of the activity list. */
export function backupFailures(lines: readonly Activity[]): readonly Activity[] {
  return lines.filter(
    ({ level, problem }) => level === 'problem' && problem !== null && /^(backup|destination)\//.test(problem.code),
  )
}

/** Heading of the dots: a small window has room for half of them. */
export function DaysLabel(): ReactElement {
  return (
    <>
      <span className={styles.allDays}>Last 14 days</span>
      <span className={styles.someDays}>Last 7 days</span>
    </>
  )
}

export function DayDots({ list }: { readonly list: readonly Day[] }): ReactElement {
  return (
    <ul className={styles.dots} aria-label="Backups by day">
      {list.map((day) => (
        <li key={day.key} title={day.name} data-result={day.result}>
          <svg
            width="9"
            height="9"
            viewBox="0 0 9 9"
            role="img"
            aria-label={day.name}
            className={styles[shapes[day.result]]}
          >
            {shapeOf(day.result)}
          </svg>
        </li>
      ))}
    </ul>
  )
}

const shapes = { good: 'dotGood', 'crash-consistent': 'dotRing', failed: 'dotFailed', none: 'dotNone' } as const

function shapeOf(result: DayResult): ReactElement {
  switch (result) {
    case 'good':
      return <circle cx="4.5" cy="4.5" r="4" fill="currentColor" />
    case 'crash-consistent':
      return <circle cx="4.5" cy="4.5" r="3.3" fill="none" stroke="currentColor" strokeWidth="1.4" />
    case 'failed':
      return <path d="M1.5 1.5l6 6M7.5 1.5l-6 6" fill="none" stroke="currentColor" strokeWidth="1.6" />
    case 'none':
      return <path d="M1.5 4.5h6" fill="none" stroke="currentColor" strokeWidth="1.4" />
  }
}
