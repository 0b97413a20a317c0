// The rail beside the rows: square = full, ring = incremental, dashed = being written, red ring = damaged (ux.md 4).
// Decoration for the eye; the row's name says the same in words.
import type { ReactElement } from 'react'
import { classes } from '../../design/classes.ts'
import type { RailPart } from './chain-model.ts'
import * as roles from './grid-roles.ts'
import styles from './rail.module.css'

export interface RailCellProps {
  readonly part:
    | RailPart
    | { readonly shape: 'writing' | 'folded'; readonly up: boolean; readonly down: boolean }
    | null
}

export function RailCell({ part }: RailCellProps): ReactElement {
  return (
    <div {...roles.cell} className={styles.rail} data-rail={part?.shape ?? 'none'}>
      {part === null ? null : (
        <>
          {part.up ? <i className={styles.up} /> : null}
          {part.down ? <i className={classes(styles.down, part.shape === 'writing' && styles.dashed)} /> : null}
          <span className={styles[part.shape]} />
        </>
      )}
    </div>
  )
}

/** The line behind a day's heading, between two points of one chain. */
export function RailThrough(): ReactElement {
  return <i className={styles.through} />
}
