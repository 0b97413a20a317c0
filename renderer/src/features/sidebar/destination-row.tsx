// A destination in the sidebar: its name and the room it has.
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { describeDestination } from '../../../../shared/text/destination-words.ts'
import { classes } from '../../design/classes.ts'
import { DriveIcon, NetworkDriveIcon } from '../../icons/icons.tsx'
import { useSettings } from '../../state/selectors.ts'
import { useNow, useUi, useUiActions } from '../../state/window-state.tsx'
import { SideRow } from './side-row.tsx'
import styles from './sidebar.module.css'

const networkFileSystems = new Set(['nfs', 'nfs4', 'smbfs', 'cifs', 'smb2', 'smb3', 'afpfs', 'webdav', 'fuse.sshfs'])

export function DestinationRow({ destination }: { readonly destination: Destination }): ReactElement {
  const ui = useUiActions()
  const { units } = useSettings()
  const now = useNow(60_000)
  const selected = useUi((state) => state.view.kind === 'destination' && state.view.destinationId === destination.id)
  const words = describeDestination(destination, { now: new Date(now), units })
  const remote = destination.fileSystem !== null && networkFileSystems.has(destination.fileSystem)
  return (
    <SideRow
      testId={`side-destination-${destination.id}`}
      icon={remote ? <NetworkDriveIcon /> : <DriveIcon />}
      label={destination.name}
      spoken={words.short}
      quiet={words.tone === 'off'}
      selected={selected}
      onOpen={() => ui.show({ kind: 'destination', destinationId: destination.id })}
      trailing={
        <span className={classes(styles.trailing, words.tone === 'problem' && styles.problem)}>{words.short}</span>
      }
    />
  )
}
