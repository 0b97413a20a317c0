// A restore or its undo under way: progress, then the result, then what can be done with it.
import { type ReactElement, type ReactNode, useState } from 'react'
import { isFinal, type Job } from '../../../../shared/domain/job.ts'
import { contextOf, describeJob, describeProgress, jobName, speakProgress } from '../../../../shared/text/job-words.ts'
import { describeProblem, problemDetails } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { ProgressBar } from '../../design/progress-bar.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { CheckCircleIcon } from '../../icons/icons.tsx'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import styles from './restore.module.css'

export interface RestoreRunProps {
  readonly name: 'restore' | 'undo-restore'
  readonly job: Job
  /** Titles of the sheet. */
  readonly running: string
  readonly done: string
  /** Goes back to the form after a failure. */
  readonly onRetry: () => void
}

export function RestoreRun(props: RestoreRunProps): ReactElement {
  const { job } = props
  const ui = useUiActions()
  const style = useWordStyle(1000)
  const close = () => ui.closeSheet()
  const words = describeJob(job, style)
  const sheet = (title: string, footer: ReactNode, children: ReactNode, description?: string) => (
    <Sheet
      name={props.name}
      title={title}
      onClose={close}
      footer={footer}
      {...(description === undefined ? {} : { description })}
    >
      {children}
    </Sheet>
  )
  if (job.state.kind === 'done') {
    return sheet(props.done, <DoneButtons job={job} onClose={close} />, <DoneList job={job} />, words.line)
  }
  if (isFinal(job.state)) {
    const footer = (
      <>
        <Button onPress={close}>Close</Button>
        <Button variant="primary" onPress={props.onRetry} autoFocus>
          Try Again
        </Button>
      </>
    )
    return sheet(words.title, footer, <Ended job={job} line={words.line} />)
  }
  return sheet(props.running, <RunningButtons job={job} onClose={close} />, <Running job={job} />)
}

function Running({ job }: { readonly job: Job }): ReactElement {
  const style = useWordStyle(1000)
  const numbers = describeProgress(job, style)
  const words = describeJob(job, style)
  return (
    <>
      <ProgressBar
        label={jobName(job)}
        fraction={job.progress?.fraction ?? null}
        valueText={speakProgress(job, style)}
      />
      {numbers === null ? null : (
        <div className={styles.numbers}>
          <span>
            {numbers.bytes}
            {numbers.rate === null ? '' : ` · ${numbers.rate}`}
          </span>
          <span>
            {numbers.percent}
            {numbers.eta === null ? '' : ` · ${numbers.eta}`}
          </span>
        </div>
      )}
      <p className={styles.line}>
        {words.line === ''
          ? job.state.kind === 'checking'
            ? 'Checking what was written.'
            : 'Building the images.'
          : words.line}
      </p>
    </>
  )
}

function RunningButtons({ job, onClose }: { readonly job: Job; readonly onClose: () => void }): ReactElement {
  const actions = useActions()
  return (
    <>
      <Button
        disabledReason={job.canCancel ? null : 'The images are being swapped: all of them or none'}
        onPress={() => void actions.run('jobs.cancel', { jobId: job.id })}
      >
        Cancel Restore
      </Button>
      <SheetSpace />
      <Button onPress={onClose} autoFocus>
        Continue in Background
      </Button>
    </>
  )
}

function DoneList({ job }: { readonly job: Job }): ReactElement | null {
  const images = job.result?.images ?? []
  if (images.length === 0) return null
  return (
    <List label="Images">
      {images.map((image) => (
        <ListRow
          key={image.disk}
          icon={<CheckCircleIcon name="Done" />}
          tone="ok"
          title={image.disk}
          detail={<bdi>{image.path}</bdi>}
        />
      ))}
    </List>
  )
}

function DoneButtons({ job, onClose }: { readonly job: Job; readonly onClose: () => void }): ReactElement {
  const ui = useUiActions()
  const actions = useActions()
  const canShow = useHost()?.can.showInFolder ?? false
  const path = job.result?.images[0]?.path
  const restoreId = job.result?.restoreId ?? null
  return (
    <>
      {restoreId === null ? null : (
        <Button onPress={() => ui.openSheet({ kind: 'undo-restore', restoreId })}>Undo Restore…</Button>
      )}
      {canShow && path !== undefined ? (
        <Button onPress={() => void actions.run('host.showInFolder', { path })}>Show</Button>
      ) : null}
      <SheetSpace />
      <Button variant="primary" onPress={onClose} autoFocus>
        Done
      </Button>
    </>
  )
}

function Ended({ job, line }: { readonly job: Job; readonly line: string }): ReactElement {
  const [open, setOpen] = useState(false)
  const style = useWordStyle()
  if (job.state.kind !== 'failed') return <p className={styles.line}>{line}</p>
  const { problem } = job.state
  const text = describeProblem(problem, contextOf(job, style))
  return (
    <>
      <Banner code={problem.code.replace('/', '-')} tone="problem" title={text.title}>
        {text.body}
      </Banner>
      <div>
        <Button variant="plain" onPress={() => setOpen(!open)}>
          {open ? 'Hide Details' : 'Show Details'}
        </Button>
      </div>
      {open ? <CodeBlock code={problemDetails(problem)} label="the details" wrap /> : null}
    </>
  )
}
