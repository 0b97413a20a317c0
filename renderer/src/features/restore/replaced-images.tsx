// What is replaced by a swap, and under which name it stays.
import type { ReactElement } from 'react'
import type { Preflight } from '../../../../shared/domain/restore.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatMomentInText } from '../../../../shared/format/dates.ts'
import { Group } from '../../design/key-value-group.tsx'
import { ArrowRightIcon } from '../../icons/icons.tsx'
import { useWordStyle } from '../../state/words.ts'
import styles from './restore.module.css'

export function ReplacedImages({ preflight }: { readonly preflight: Preflight }): ReactElement | null {
  const style = useWordStyle()
  if (preflight.disks.length === 0) return null
  return (
    <Group>
      {preflight.disks.map((disk) => (
        <div className={styles.flow} key={disk.diskId}>
          <div className={styles.box}>
            <span className={styles.caption}>
              {disk.changedAt === null ? 'Now' : `Now · changed ${formatMomentInText(disk.changedAt, style)}`}
            </span>
            <bdi className={styles.file} title={disk.imagePath}>
              {fileName(disk.imagePath)}
            </bdi>
          </div>
          <span className={styles.arrow}>
            <ArrowRightIcon />
          </span>
          <div className={styles.box}>
            <span className={styles.caption}>
              {disk.imageSize === null
                ? 'Kept as the undo copy'
                : `Kept as the undo copy · ${formatBytes(disk.imageSize, style.units)}`}
            </span>
            <bdi className={styles.file} title={disk.undoPath}>
              {fileName(disk.undoPath)}
            </bdi>
          </div>
        </div>
      ))}
    </Group>
  )
}

function fileName(path: string): string {
  return path.split('/').at(-1) ?? path
}
