// How far a point can be trusted, and where damage was found (ux.md S9).
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatMoment } from '../../../../shared/format/dates.ts'
import { verificationWords, verifiedMark } from '../../../../shared/text/point-words.ts'
import { classes } from '../../design/classes.ts'
import { Group } from '../../design/key-value-group.tsx'
import { usePoint } from '../../state/selectors.ts'
import styles from './inspector.module.css'
import type { PointPartProps } from './point-kind.tsx'

export function PointVerified({ point, style }: PointPartProps): ReactElement {
  const mark = verifiedMark(point)
  const { verification } = point
  const foundIn = usePoint(verification?.foundIn ?? null)
  const damage = verification?.ok === false ? verification.damage : []
  return (
    <Group label="Verified">
      <div className={styles.block} data-testid="point-verified">
        <div className={classes(styles.headline, styles[mark.tone])}>{mark.text}</div>
        <div className={styles.quiet}>
          {verification === null ? unverified(point) : verificationWords(verification, style)}
          {foundIn === null || foundIn.id === point.id
            ? null
            : ` Found when ${formatMoment(foundIn.createdAt, style)} was verified: both need the same bytes.`}
        </div>
      </div>
      {damage.map((one) => (
        <div className={styles.block} key={`${one.diskId}-${one.file}-${one.offset}`}>
          <div className={styles.path}>
            <bdi>{one.file}</bdi>
          </div>
          <div className={styles.quiet}>
            {one.offset === null ? '' : `From byte ${one.offset.toLocaleString(style.locale)}. `}
            {one.text}
          </div>
        </div>
      ))}
    </Group>
  )
}

/** An incremental reads back what it wrote, and all of it only where the point it started from has no checksums. */
function checksumsFrom(point: Point): string {
  return point.kind === 'full'
    ? 'Its checksums were taken from the finished copy.'
    : 'Checksums of what changed were taken from the finished copy; the others may be those of the point it started from.'
}

function unverified(point: Point): string {
  switch (point.index.kind) {
    case 'complete':
      return `${checksumsFrom(point)} Verify reads everything again and compares.`
    case 'checking':
      return 'What was written is being read back.'
    case 'none':
      return 'Its check was skipped, so damage can’t be noticed. Only the image’s structure can be verified.'
  }
}
