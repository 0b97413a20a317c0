// The folder for scratch images: chosen where the host can ask for one, typed anywhere, or Floe's own.
import { type ReactElement, useState } from 'react'
import { Button } from '../../design/button.tsx'
import { TextField } from '../../design/text-field.tsx'
import { useActions, useHost } from '../../state/window-state.tsx'
import styles from './settings.module.css'
import type { SetSettings } from './use-change.ts'

export interface ScratchFolderProps {
  /** Null: Floe's own. */
  readonly folder: string | null
  readonly set: SetSettings
}

export function ScratchFolder({ folder, set }: ScratchFolderProps): ReactElement {
  const actions = useActions()
  const host = useHost()
  /** Null until something was typed: then the field follows the setting. */
  const [typed, setTyped] = useState<string | null>(null)
  const path = (typed ?? folder ?? '').trim()
  const error = path === '' || path.startsWith('/') ? null : 'Enter the whole path, from /'
  const apply = (next: string | null): void => {
    if (next !== folder) set({ scratchFolder: next })
    setTyped(null)
  }
  const applyTyped = (): void => {
    if (typed !== null && error === null) apply(path === '' ? null : path)
  }
  const choose = async (): Promise<void> => {
    const answer = await actions.ask('host.chooseFolder', { title: 'Choose a folder for scratch data' })
    if (answer.ok && answer.value.path !== null) apply(answer.value.path)
  }
  return (
    <div className={styles.folder}>
      <div className={styles.grow}>
        <TextField
          label="Folder"
          mono
          value={typed ?? folder ?? ''}
          onChange={setTyped}
          onSubmit={applyTyped}
          onLeave={applyTyped}
          placeholder="Floe’s own"
          error={error}
          testId="scratch-folder"
        />
      </div>
      <div className={styles.folderButtons}>
        {host?.can.chooseFolder ? <Button onPress={() => void choose()}>Choose…</Button> : null}
        <Button
          onPress={() => apply(null)}
          disabledReason={folder === null && typed === null ? 'It is Floe’s own already' : null}
          testId="scratch-reset"
        >
          Use Floe’s Own
        </Button>
      </div>
    </div>
  )
}
