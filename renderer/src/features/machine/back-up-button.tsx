// Back Up Now with its menu; while a backup runs it says so and its menu pauses, limits and cancels it (ux.md 3.1).
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { formatRate, type Units } from '../../../../shared/format/bytes.ts'
import { isUnderWay, nextBackupSentence } from '../../../../shared/text/job-words.ts'
import { canBackUp, whyNoBackup } from '../../../../shared/text/machine-words.ts'
import type { MenuAction } from '../../design/menu.tsx'
import { SplitButton } from '../../design/split-button.tsx'
import type { Actions } from '../../state/actions.ts'
import { useBackUp } from '../../state/back-up.ts'
import { useActiveJobs, useSettings } from '../../state/selectors.ts'
import { useActions, useBridge, useCommand, useUiActions } from '../../state/window-state.tsx'
import type { MachineActionsProps } from './machine-actions.tsx'

/** Jobs that do not copy yet are not called so. */
const labels: Partial<Record<Job['state']['kind'], string>> = { queued: 'Queued', waiting: 'Waiting…' }

const limits: readonly number[] = [25_000_000, 50_000_000, 100_000_000]

export function BackUpButton({ machine, next }: MachineActionsProps): ReactElement {
  const ui = useUiActions()
  const actions = useActions()
  const darwin = useBridge().platform === 'darwin'
  const { units } = useSettings()
  const backUp = useBackUp(machine.id)
  const backups = useActiveJobs().filter((one) => one.machineId === machine.id && one.kind === 'backup')
  const job = backups.find((one) => isUnderWay(one.state)) ?? backups[0]
  const options = () => ui.openSheet({ kind: 'back-up-options', machineId: machine.id })
  const able = canBackUp(machine) && job === undefined
  const cancel = job === undefined ? null : () => ui.openSheet({ kind: 'cancel-job', jobId: job.id })
  const pause = job === undefined ? null : pauseOrResume(job, actions)

  useCommand('back-up-now', able ? backUp : null)
  useCommand('back-up-with-options', able ? options : null)
  useCommand('pause-or-resume', pause)
  useCommand('cancel', cancel !== null && job?.canCancel === true ? cancel : null)

  const reason = job === undefined ? whyNoBackup(machine) : 'A backup of this machine is under way'
  const withOptions: MenuAction = {
    id: 'options',
    label: 'With Options…',
    onAction: options,
    disabledReason: reason,
    keys: darwin ? '⌥⌘B' : 'Ctrl+Alt+B',
  }
  return (
    <SplitButton
      testId="back-up-now"
      variant={able ? 'primary' : 'default'}
      menuLabel={job === undefined ? 'More ways to back up' : 'Running backup'}
      disabledReason={reason}
      hint={next === null ? null : nextBackupSentence(next, units)}
      onPress={(event) => (event.altKey ? options() : backUp())}
      actions={
        job === undefined || cancel === null
          ? [withOptions]
          : [
              {
                id: 'pause',
                label: job.state.kind === 'paused' ? 'Resume' : 'Pause',
                onAction: () => pause?.(),
                disabledReason: pause === null ? 'This backup can’t be paused now' : null,
              },
              {
                id: 'cancel',
                label: 'Cancel…',
                onAction: cancel,
                disabledReason: job.canCancel ? null : 'This backup can’t be cancelled now',
              },
              ...speedActions(job, units, actions),
              withOptions,
            ]
      }
    >
      {job === undefined ? 'Back Up Now' : (labels[job.state.kind] ?? 'Backing Up…')}
    </SplitButton>
  )
}

function pauseOrResume(job: Job, actions: Actions): (() => void) | null {
  if (job.state.kind === 'paused') return () => void actions.run('jobs.resume', { jobId: job.id })
  if (job.state.kind === 'copying' && job.canPause) return () => void actions.run('jobs.pause', { jobId: job.id })
  return null
}

function speedActions(job: Job, units: Units, actions: Actions): readonly MenuAction[] {
  const set = (limit: number | null) => void actions.run('jobs.setLimit', { jobId: job.id, limit })
  const inForce = (limit: number | null) => (job.limit === limit ? ' (now)' : '')
  return [
    { id: 'limit-none', label: `No Speed Limit${inForce(null)}`, onAction: () => set(null) },
    ...limits.map((limit) => ({
      id: `limit-${limit}`,
      label: `At Most ${formatRate(limit, units)}${inForce(limit)}`,
      onAction: () => set(limit),
    })),
  ]
}
