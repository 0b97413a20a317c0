// One destination: is it there, how full is it, whose backups does it hold (ux.md S7).
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { DestinationId } from '../../../../shared/domain/ids.ts'
import { describeDestination } from '../../../../shared/text/destination-words.ts'
import { Page } from '../../app/page.tsx'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { EmptyState } from '../../design/empty-state.tsx'
import { StateDot } from '../../design/status-text.tsx'
import { DriveIcon } from '../../icons/icons.tsx'
import { useActiveJobs, useDestination, useSettings } from '../../state/selectors.ts'
import { useActions, useBridge, useHost, useNow, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import { BackupSets } from './backup-sets.tsx'
import { Capacity } from './capacity.tsx'
import { StorageKind } from './storage-kind.tsx'

export function DestinationPage({ destinationId }: { readonly destinationId: DestinationId }): ReactElement {
  const destination = useDestination(destinationId)
  const { loaded } = useTopic('destinations')
  const ui = useUiActions()
  if (destination === null) {
    return (
      <Page title="Destination" searchable={false}>
        {loaded ? (
          <EmptyState
            name="destination"
            icon={DriveIcon}
            title="This destination is gone"
            actions={<Button onPress={() => ui.show({ kind: 'overview' })}>Show Overview</Button>}
          >
            It was forgotten. Its files are still where they were.
          </EmptyState>
        ) : null}
      </Page>
    )
  }
  return <KnownDestination destination={destination} />
}

function KnownDestination({ destination }: { readonly destination: Destination }): ReactElement {
  const ui = useUiActions()
  const search = useUi((state) => state.search)
  const { units } = useSettings()
  const now = useNow(60_000)
  const words = describeDestination(destination, { now: new Date(now), units })
  const waiting = useWaiting(destination.id)
  const facts = [
    words.state,
    waiting === 0 ? null : waiting === 1 ? '1 backup is waiting' : `${waiting} backups are waiting`,
    fileSystemName(destination.fileSystem),
    destination.path,
  ].filter((part) => part !== null)
  return (
    <Page
      title={destination.name}
      subtitle={
        <>
          <StateDot tone={words.tone} />
          {facts.join(' · ')}
        </>
      }
      actions={
        <>
          <ShowInFolder destination={destination} />
          <Button
            onPress={() => ui.openSheet({ kind: 'forget-destination', destinationId: destination.id })}
            testId="forget-destination"
          >
            Forget…
          </Button>
        </>
      }
    >
      {words.advice === null ? null : (
        <Banner
          code={`destination-${destination.state.kind}`}
          tone={words.tone === 'problem' ? 'problem' : words.tone === 'warning' ? 'warning' : 'info'}
          title={words.advice.title}
        >
          {words.advice.body}
        </Banner>
      )}
      <Capacity destination={destination} units={units} />
      <StorageKind destination={destination} />
      <BackupSets destination={destination} search={search} units={units} />
    </Page>
  )
}

/** How many backups start by themselves when the place can be used again. */
function useWaiting(destinationId: DestinationId): number {
  const jobs = useActiveJobs()
  return jobs.filter(({ state, ...job }) => state.kind === 'waiting' && job.destinationId === destinationId).length
}

function ShowInFolder({ destination }: { readonly destination: Destination }): ReactElement | null {
  const actions = useActions()
  const host = useHost()
  const { platform } = useBridge()
  if (host === null || !host.can.showInFolder) return null
  const there = destination.state.kind !== 'absent' && destination.state.kind !== 'locked'
  return (
    <Button
      onPress={() => void actions.run('host.showInFolder', { path: destination.path })}
      disabledReason={there ? null : `Connect ${destination.name} to see its files`}
    >
      {platform === 'darwin' ? 'Show in Finder' : 'Show in Folder'}
    </Button>
  )
}

const fileSystemNames: Readonly<Record<string, string>> = {
  apfs: 'APFS',
  hfs: 'Mac OS Extended',
  exfat: 'exFAT',
  ext2: 'ext2',
  ext4: 'ext4',
  xfs: 'XFS',
  btrfs: 'Btrfs',
  nfs: 'NFS',
  smbfs: 'SMB',
  cifs: 'SMB',
  overlay: 'overlay',
}

function fileSystemName(fileSystem: string | null): string | null {
  return fileSystem === null ? null : (fileSystemNames[fileSystem] ?? fileSystem)
}
