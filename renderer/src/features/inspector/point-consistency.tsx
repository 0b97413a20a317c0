// What the selected point is worth inside the guest (ux.md S4, 4): frozen for how long and which file systems, or why
// not; how long the guest's CPUs stood still; how the disks were read.
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatDuration } from '../../../../shared/format/duration.ts'
import {
  consistencyMark,
  fileSystemsWords,
  wayWords,
  worthSentence,
} from '../../../../shared/text/consistency-words.ts'
import { classes } from '../../design/classes.ts'
import { Group, type KeyValue, KeyValueGroup } from '../../design/key-value-group.tsx'
import { BoltIcon, MachineIcon, SnowflakeIcon } from '../../icons/icons.tsx'
import styles from './inspector.module.css'

const icons = { frozen: SnowflakeIcon, 'crash-consistent': BoltIcon, offline: MachineIcon } as const

export function PointConsistency({ point }: { readonly point: Point }): ReactElement {
  const { consistency, freeze } = point
  const Icon = icons[consistency]
  const mark = consistencyMark(point)
  const tone = mark.tone === 'warning' ? 'warning' : consistency === 'frozen' ? 'ok' : 'neutral'
  const facts = factsOf(point)
  return (
    <>
      <Group label="Consistency">
        <div className={styles.block} data-testid="point-consistency">
          <div className={classes(styles.headline, styles.withIcon, styles[tone])}>
            <Icon small />
            {freeze === null ? mark.text : `Frozen for ${formatDuration(freeze.heldMs)}`}
          </div>
          <div className={styles.quiet}>{worthSentence(point)}</div>
        </div>
        <div className={styles.block}>
          <div>{wayWords(point.way)}</div>
        </div>
      </Group>
      {facts.length === 0 ? null : <KeyValueGroup items={facts} testId="point-freeze" />}
    </>
  )
}

function factsOf({ freeze, pausedMs }: Point): readonly KeyValue[] {
  return [
    ...(freeze === null
      ? []
      : [
          { key: 'File systems', value: fileSystemsWords(freeze) ?? 'The guest did not tell' },
          { key: 'Confirmed after', value: formatDuration(freeze.confirmedAfterMs) },
        ]),
    ...(pausedMs === null ? [] : [{ key: 'Guest CPUs stood still', value: formatDuration(pausedMs) }]),
  ]
}
