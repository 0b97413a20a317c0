// A restore point as new image files in any folder; the machine is left alone.
import { type ReactElement, type ReactNode, useState } from 'react'
import type { JobId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { newImageCommand } from '../../../../shared/text/commands.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { RadioGroup } from '../../design/radio-group.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { TextField } from '../../design/text-field.tsx'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import styles from './restore.module.css'
import { Refusal } from './swap-pane.tsx'

export interface NewImagePaneProps {
  readonly point: Point
  readonly when: string
  readonly control: ReactNode
  readonly onStarted: (jobId: JobId) => void
}

type Format = 'qcow2' | 'raw'

export function NewImagePane(props: NewImagePaneProps): ReactElement {
  const { point } = props
  const ui = useUiActions()
  const actions = useActions()
  const canChoose = useHost()?.can.chooseFolder ?? false
  const [directory, setDirectory] = useState('')
  const [format, setFormat] = useState<Format>('qcow2')
  const [commandShown, setCommandShown] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const wrong = directory !== '' && !directory.startsWith('/')

  const choose = async () => {
    const answer = await actions.run('host.chooseFolder', { title: 'Folder for the new image' })
    if (answer !== null && answer.path !== null) setDirectory(answer.path)
  }
  const start = async () => {
    setBusy(true)
    setRefusal(null)
    const result = await actions.ask('restore.toNewImage', { pointId: point.id, directory, format })
    setBusy(false)
    if (result.ok) props.onStarted(result.value.jobId)
    else setRefusal(result.problem)
  }
  const reason = directory === '' ? 'Choose a folder first' : wrong ? 'The folder’s path must start with /' : null

  return (
    <Sheet
      name="restore"
      title={`Restore ${props.when} of ${point.machineName} to a new image`}
      description="New image files are written to a folder of your choice. The machine and its images are left alone."
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button onPress={() => ui.closeSheet()}>Cancel</Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={reason}
            onPress={() => void start()}
            testId="restore-now"
          >
            Restore to New Image
          </Button>
        </>
      }
    >
      <div>{props.control}</div>
      <div className={styles.folder}>
        <TextField
          label="Folder"
          autoFocus
          value={directory}
          onChange={setDirectory}
          mono
          placeholder="/path/to/a/folder"
          error={wrong ? 'Give the whole path, starting with /.' : null}
          testId="restore-directory"
          onSubmit={() => {
            if (reason === null) void start()
          }}
        />
        {canChoose ? <Button onPress={() => void choose()}>Choose…</Button> : null}
      </div>
      <RadioGroup<Format>
        label="Format"
        value={format}
        onChange={setFormat}
        choices={[
          { value: 'qcow2', label: 'qcow2', hint: 'Takes only the space that is used.' },
          {
            value: 'raw',
            label: 'raw',
            hint: 'Plain bytes that every program reads; empty areas are left out where possible.',
          },
        ]}
      />
      {refusal === null ? null : <Refusal problem={refusal} machine={point.machineName} />}
      {commandShown ? (
        <CodeBlock
          code={newImageCommand(point.id, directory === '' ? '/path/to/a/folder' : directory, format)}
          label="the command"
          wrap
        />
      ) : null}
    </Sheet>
  )
}
