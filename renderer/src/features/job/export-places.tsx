// Where an export can be read: one NBD address for each disk, and the socket that all of them share.
import type { ReactElement } from 'react'
import type { ExportPlace } from '../../../../shared/domain/job.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { CopyButton } from '../../design/code-block.tsx'
import styles from './job-card.module.css'

export interface ExportPlacesProps {
  readonly place: ExportPlace
  readonly units: Units
}

export function ExportPlaces({ place, units }: ExportPlacesProps): ReactElement {
  return (
    <>
      <ul className={styles.exports} aria-label="Exported disks">
        {place.disks.map((disk) => (
          <li key={disk.diskId} className={styles.export}>
            <span className={styles.exportName}>
              {disk.diskId} <span className={styles.file}>{formatBytes(disk.size, units)}</span>
            </span>
            <bdi className={styles.address}>{disk.uri}</bdi>
            <CopyButton text={disk.uri} label={`Copy Address of ${disk.diskId}`}>
              Copy Address
            </CopyButton>
          </li>
        ))}
      </ul>
      <p className={styles.line}>
        Socket: <bdi className={styles.address}>{place.socketPath}</bdi>
      </p>
    </>
  )
}
