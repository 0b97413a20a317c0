// How restore points lie on this destination: probed, not chosen (architecture.md 5).
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { storageWords } from '../../../../shared/text/destination-words.ts'
import { List, ListRow } from '../../design/list-row.tsx'
import { DriveIcon } from '../../icons/icons.tsx'

export function StorageKind({ destination }: { readonly destination: Destination }): ReactElement {
  const words = storageWords(destination.storage)
  return (
    <List label="How restore points are stored">
      <ListRow icon={<DriveIcon />} title={words.title} detail={words.detail} testId="destination-storage" />
    </List>
  )
}
