import type { DestinationId } from '../../../shared/domain/ids.ts'

/** What a person can choose about one backup. */
export interface BackUpChoices {
  readonly destinationId: DestinationId | null
  readonly disks: ReadonlySet<string>
  /** Bytes per second; null as the settings say. */
  readonly limit: number | null
  readonly check: boolean
  readonly freeze: boolean
  readonly requireFreeze: boolean
}
