// The Details tab for one restore point: what it restores, as of when, what it is worth, where it is (ux.md S4).
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatExactTime, formatTitle } from '../../../../shared/format/dates.ts'
import { brokenNeed, kindWords, restoresWords, whyNoRestore } from '../../../../shared/text/point-words.ts'
import { Button } from '../../design/button.tsx'
import { CopyButton } from '../../design/code-block.tsx'
import { Group, KeyValueGroup } from '../../design/key-value-group.tsx'
import { RestoreIcon, TrashIcon, VerifyIcon } from '../../icons/icons.tsx'
import { useDestination } from '../../state/selectors.ts'
import { useActions, useHost, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { DamageBanner } from './damage-banner.tsx'
import styles from './inspector.module.css'
import { PointConsistency } from './point-consistency.tsx'
import { PointDisks, PointKind } from './point-kind.tsx'
import { PointNeeds } from './point-needs.tsx'
import { PointVerified } from './point-verified.tsx'

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
        testId="point-restores"
        items={[
          { key: 'Whole machine', value: restoresWords(point, style.units) },
          { key: 'As of', value: formatExactTime(point.createdAt, style) },
        ]}
      />
      <PointKind point={point} style={style} />
      <PointNeeds point={point} style={style} />
      <PointConsistency point={point} />
      <PointVerified point={point} style={style} />
      <Where point={point} destination={destination} />
      <PointDisks point={point} style={style} />
    </>
  )
}

function PointButtons({ point, place }: { readonly point: Point; readonly place: string }): ReactElement {
  const ui = useUiActions()
  const { byId } = useTopic('points')
  const absent = point.available ? null : `Connect ${place} first`
  return (
    <div className={styles.actions}>
      <Button
        variant="primary"
        icon={<RestoreIcon />}
        disabledReason={whyNoRestore(point, place, brokenNeed(point, byId))}
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
