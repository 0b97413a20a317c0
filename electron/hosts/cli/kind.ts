import type { BackupBasis, BackupKind } from '../../../shared/domain/point.ts'

interface Known {
  readonly kind: BackupKind
  readonly basis: BackupBasis
}

/** "full", "incremental by bitmap", "incremental by comparison". `basis` is the costliest among the disks. */
export function kindText({ kind, basis }: Known): string {
  if (kind === 'full') return 'full'
  return basis === 'all' ? 'incremental, with a disk copied whole' : `incremental by ${basis}`
}

/** "Incremental by bitmap: Only what changed since 14:02 is copied." */
export function kindSentence(known: Known & { readonly reason: string }): string {
  const text = kindText(known)
  const name = text.slice(0, 1).toUpperCase() + text.slice(1)
  return known.reason === '' ? `${name}.` : `${name}: ${known.reason}`
}
