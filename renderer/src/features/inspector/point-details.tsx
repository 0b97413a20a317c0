// The Details tab for one restore point: what it restores, as of when, what it is worth, where it is (ux.md S4).
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime, formatTitle } from '../../../../shared/format/dates.ts'
import {
  betterPoint,
  damageSentence,
  isDamaged,
  kindWords,
  restoresWords,
  verificationWords,
  verifiedMark,
  whyNoRestore,
} from '../../../../shared/text/point-words.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { classes } from '../../design/classes.ts'
import { CopyButton } from '../../design/code-block.tsx'
import { Group, KeyValueGroup } from '../../design/key-value-group.tsx'
import { RestoreIcon, TrashIcon, VerifyIcon } from '../../icons/icons.tsx'
import { useDestination, usePoints } from '../../state/selectors.ts'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle, type WordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'
import { PointConsistency } from './point-consistency.tsx'

export function PointDetails({ point }: { readonly point: Point }): ReactElement {
  const style = useWordStyle()
  const destination = useDestination(point.destinationId)
  const place = destination?.name ?? 'its destination'
  return (
    <>
      <div>
        <h2 className={styles.title}>{formatTitle(point.createdAt, style)}</h2>
        <p className={styles.sub}>
          {kindWords(point)} · {point.machineName} on {place}
        </p>
      </div>
      <PointButtons point={point} place={place} />
      <DamageBanner point={point} style={style} />
      <KeyValueGroup
        label="Restores"
        items={[
          { key: 'Whole machine', value: restoresWords(point, style.units) },
          { key: 'As of', value: formatExactTime(point.createdAt, style) },
          { key: 'Takes up', value: formatBytes(point.bytes, style.units) },
        ]}
      />
      <PointConsistency point={point} />
      <Verified point={point} style={style} />
      <Where point={point} destination={destination} />
      <KeyValueGroup
        label="Disks"
        items={point.disks.map((disk) => ({ key: disk.id, value: formatBytes(disk.virtualSize, style.units) }))}
      />
    </>
  )
}

function PointButtons({ point, place }: { readonly point: Point; readonly place: string }): ReactElement {
  const ui = useUiActions()
  const absent = point.available ? null : `Connect ${place} first`
  return (
    <div className={styles.actions}>
      <Button
        variant="primary"
        icon={<RestoreIcon />}
        disabledReason={whyNoRestore(point, place)}
        testId="restore-point"
        onPress={() => ui.openSheet({ kind: 'restore', pointId: point.id })}
      >
        Restore…
      </Button>
      <Button
        icon={<VerifyIcon />}
        disabledReason={absent}
        onPress={() => ui.openSheet({ kind: 'verify', pointIds: [point.id] })}
      >
        Verify…
      </Button>
      <Button
        icon={<TrashIcon />}
        disabledReason={absent}
        onPress={() => ui.openSheet({ kind: 'delete-points', pointIds: [point.id] })}
      >
        Delete…
      </Button>
    </div>
  )
}

function DamageBanner({ point, style }: { readonly point: Point; readonly style: WordStyle }): ReactElement | null {
  const points = usePoints(point.machineId)
  const ui = useUiActions()
  if (!isDamaged(point)) return null
  const better = betterPoint(point, points)
  return (
    <Banner
      code="damaged"
      tone="problem"
      title="Can’t be restored"
      actions={
        better === null ? undefined : (
          <Button size="small" onPress={() => ui.selectPoints([better.id])}>
            {`Use ${formatTitle(better.createdAt, style)} Instead`}
          </Button>
        )
      }
    >
      {damageSentence(point)}
    </Banner>
  )
}

function Verified({ point, style }: { readonly point: Point; readonly style: WordStyle }): ReactElement {
  const mark = verifiedMark(point)
  const sentence =
    point.verification !== null
      ? verificationWords(point.verification, style)
      : point.index.kind === 'complete'
        ? 'Its checksums were taken from the finished copy. Verify reads everything again and compares.'
        : point.index.kind === 'checking'
          ? 'What was written is being read back.'
          : 'Its check was skipped, so damage can’t be noticed. Only the image’s structure can be verified.'
  return (
    <Group label="Verified">
      <div className={styles.block}>
        <div className={classes(styles.headline, styles[mark.tone])}>{mark.text}</div>
        <div className={styles.quiet}>{sentence}</div>
      </div>
    </Group>
  )
}

function Where(props: { readonly point: Point; readonly destination: Destination | null }): ReactElement {
  const { point } = props
  const actions = useActions()
  const host = useHost()
  const finder = host?.platform === 'darwin' ? 'Show in Finder' : 'Show in Folder'
  return (
    <Group label="Where">
      <div className={styles.block}>
        <div>{props.destination?.name ?? 'A forgotten destination'}</div>
        <div className={styles.path}>
          <bdi>{point.path}</bdi>
        </div>
        <div className={styles.row}>
          {host?.can.showInFolder ? (
            <Button
              size="small"
              disabledReason={point.available ? null : 'Its drive isn’t connected'}
              onPress={() => void actions.run('host.showInFolder', { path: point.path })}
            >
              {finder}
            </Button>
          ) : null}
          <CopyButton text={point.path} label="Copy Path">
            Copy Path
          </CopyButton>
        </div>
      </div>
    </Group>
  )
}
