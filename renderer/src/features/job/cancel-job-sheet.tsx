// "Cancel the backup of debian-dev?" The safe answer is the default (ux.md 3.1).
import { type ReactElement, useEffect, useState } from 'react'
import type { JobId } from '../../../../shared/domain/ids.ts'
import { isFinal } from '../../../../shared/domain/job.ts'
import { cancelQuestion } from '../../../../shared/text/job-words.ts'
import { Alert } from '../../design/alert.tsx'
import { isFirstFull, usePoints } from '../../state/selectors.ts'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'

export function CancelJobSheet({ jobId }: { readonly jobId: JobId }): ReactElement | null {
  const job = useTopic('jobs').byId[jobId]
  const ui = useUiActions()
  const actions = useActions()
  const style = useWordStyle(1000)
  const points = usePoints(job?.machineId ?? null)
  const [busy, setBusy] = useState(false)
  const over = job === undefined || isFinal(job.state)
  useEffect(() => {
    if (over) ui.closeSheet()
  }, [over, ui])
  if (job === undefined || over) return null
  const question = cancelQuestion(job, { ...style, problemContext: { firstFull: isFirstFull(job, points) } })
  return (
    <Alert
      name="cancel-job"
      title={question.title}
      confirm={question.cancel}
      cancel={question.keep}
      destructive
      busy={busy}
      onClose={() => ui.closeSheet()}
      onConfirm={() => {
        setBusy(true)
        void actions.run('jobs.cancel', { jobId }).then(() => ui.closeSheet())
      }}
    >
      {question.body}
    </Alert>
  )
}
