import type { DestinationId } from '../../../shared/domain/ids.ts'

/** What a person can choose about one backup. */
export interface BackUpChoices {
  readonly destinationId: DestinationId | null
  /** `automatic`: an incremental whenever there is something to start from. */
  readonly kind: 'automatic' | 'full'
  readonly disks: ReadonlySet<string>
  /** Bytes per second; null as the settings say. */
  readonly limit: number | null
  readonly check: boolean
  /** Compare the finished point with the instant. */
  readonly prove: boolean
  readonly freeze: boolean
  readonly requireFreeze: boolean
}
