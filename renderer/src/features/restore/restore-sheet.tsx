// Restoring a point (ux.md S8): swap in place with a live pre-flight, or a new image anywhere; then progress and result.
import { type ReactElement, useState } from 'react'
import type { JobId, PointId } from '../../../../shared/domain/ids.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { useMachine, usePoint } from '../../state/selectors.ts'
import { useTopic } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { NewImagePane } from './new-image-pane.tsx'
import { RestoreRun } from './restore-run.tsx'
import { SwapPane } from './swap-pane.tsx'

export type Way = 'swap' | 'new-image'

export function RestoreSheet({ pointId }: { readonly pointId: PointId }): ReactElement | null {
  const point = usePoint(pointId)
  const machine = useMachine(point?.machineId ?? null)
  const style = useWordStyle()
  const jobs = useTopic('jobs').byId
  const [way, setWay] = useState<Way>('swap')
  const [jobId, setJobId] = useState<JobId | null>(null)
  if (point === null) return null
  const when = formatTitle(point.createdAt, style)
  const job = jobId === null ? undefined : jobs[jobId]
  if (job !== undefined) {
    return (
      <RestoreRun
        name="restore"
        job={job}
        running={`Restoring ${point.machineName} to ${when}`}
        done={
          job.kind === 'restore'
            ? `${when} of ${point.machineName} is in a new image`
            : `${point.machineName} is restored to ${when}`
        }
        onRetry={() => setJobId(null)}
      />
    )
  }
  const control = (
    <SegmentedControl<Way>
      label="How to restore"
      value={way}
      onChange={setWay}
      choices={[
        { value: 'swap', label: 'Swap in Place' },
        { value: 'new-image', label: 'New Image…' },
      ]}
    />
  )
  const pane = { point, machine, when, control, onStarted: setJobId }
  return way === 'swap' ? <SwapPane {...pane} onWay={setWay} /> : <NewImagePane {...pane} />
}
