// "Restore Points" on the machine page: heading with count and size, the grid, and what stands there when it is empty.
import { type ReactElement, useMemo, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { etaWords } from '../../../../shared/format/duration.ts'
import { isUnderWay } from '../../../../shared/text/job-words.ts'
import { backedUpDisks, canBackUp, whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { Button } from '../../design/button.tsx'
import { EmptyState } from '../../design/empty-state.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { Select } from '../../design/select.tsx'
import { DriveIcon } from '../../icons/icons.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { useActiveJobs, useDestinations, usePoints } from '../../state/selectors.ts'
import { useCommand, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { hasChains } from './chain-model.ts'
import styles from './points-grid.module.css'
import { PointsGrid } from './points-grid.tsx'
import { filterPoints } from './points-model.ts'
import { usePointActions, usePointCommands } from './use-point-actions.ts'

/** Bytes per second assumed for the first backup's estimate, when nothing was measured yet. */
const firstGuess = 150_000_000

export function PointsSection({ machine }: { readonly machine: Machine }): ReactElement {
  const all = usePoints(machine.id)
  const { loaded, byId } = useTopic('points')
  const destinations = useDestinations()
  const search = useUi((state) => state.search)
  const selected = useUi((state) => state.selectedPoints)
  const ui = useUiActions()
  const style = useWordStyle()
  const writing = useActiveJobs().filter(
    (job) =>
      job.machineId === machine.id &&
      job.kind === 'backup' &&
      isUnderWay(job.state) &&
      job.state.kind !== 'checking' &&
      !all.some((point) => point.id === job.pointId),
  )
  const [place, setPlace] = useState('all')
  const places = useMemo(() => [...new Set(all.map((point) => point.destinationId))], [all])
  const points = useMemo(() => {
    const here = all.filter(
      (point) => place === 'all' || !places.includes(place as Point['destinationId']) || point.destinationId === place,
    )
    return filterPoints(here, search, style)
  }, [all, place, places, search, style])
  const nameOf = (id: string) => destinations.find((one) => one.id === id)?.name ?? 'a forgotten destination'
  const actionsFor = usePointActions(nameOf)
  usePointCommands(points, nameOf)
  useCommand('retention', all.length === 0 ? null : () => keep())
  const [order, setOrder] = useState<'chains' | 'days'>('chains')
  const chained = useMemo(() => hasChains(all), [all])
  const keep = () =>
    ui.openSheet({
      kind: 'retention',
      machineId: machine.id,
      destinationId: place === 'all' ? null : (place as Point['destinationId']),
    })

  if (all.length === 0 && writing.length === 0) return loaded ? <NoPoints machine={machine} /> : <Loading />
  const bytes = points.reduce((sum, point) => sum + point.bytes, 0)
  const where = places.length === 1 && places[0] !== undefined ? nameOf(places[0]) : `${places.length} destinations`
  return (
    <section className={styles.section} aria-label="Restore points">
      <div className={styles.heading}>
        <h2 className={styles.title}>Restore Points</h2>
        <span className={styles.count}>
          {all.length === 0 ? '' : `${points.length} on ${where} · ${formatBytes(bytes, style.units)}`}
        </span>
        {places.length < 2 ? null : (
          <Select
            label="Show points on"
            hideLabel
            value={place}
            choices={[
              { value: 'all', label: 'All Destinations' },
              ...places.map((id) => ({ value: String(id), label: nameOf(id) })),
            ]}
            onChange={setPlace}
          />
        )}
        {chained ? (
          <SegmentedControl
            label="Order of restore points"
            value={order}
            onChange={setOrder}
            choices={[
              { value: 'chains', label: 'Chains' },
              { value: 'days', label: 'Days' },
            ]}
          />
        ) : null}
        {all.length === 0 ? null : (
          <Button size="small" onPress={keep} testId="retention">
            Retention…
          </Button>
        )}
      </div>
      {points.length === 0 && search !== '' ? (
        <p className={styles.nothing} role="status">
          No restore point matches “{search}”.
        </p>
      ) : (
        <PointsGrid
          points={points}
          byId={byId}
          view={!chained ? 'plain' : search === '' ? order : 'days'}
          writing={search === '' ? writing : []}
          selected={selected}
          style={style}
          destinationOf={(point) => (places.length < 2 || place !== 'all' ? null : nameOf(point.destinationId))}
          actionsFor={actionsFor}
          onSelect={(ids) => ui.selectPoints(ids)}
        />
      )}
    </section>
  )
}

function NoPoints({ machine }: { readonly machine: Machine }): ReactElement {
  const { units } = useWordStyle()
  const backUp = useBackUp(machine.id)
  const disks = backedUpDisks(machine)
  const bytes = disks.reduce((sum, disk) => sum + disk.allocatedSize, 0)
  return (
    <EmptyState
      name="points"
      icon={DriveIcon}
      title="No restore points yet"
      actions={
        canBackUp(machine) ? (
          <Button variant="primary" onPress={() => backUp()}>
            Back Up Now
          </Button>
        ) : undefined
      }
    >
      {disks.length === 0
        ? (whyNoBackup(machine) ?? 'This machine has no disk that can be backed up.')
        : `The first backup copies about ${formatBytes(bytes, units)} and takes ${etaWords(bytes / firstGuess)} on a fast drive.`}
    </EmptyState>
  )
}

function Loading(): ReactElement {
  return (
    <p className={styles.nothing} role="status">
      Reading restore points…
    </p>
  )
}
