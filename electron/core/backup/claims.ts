// What a backup holds on the job board: its machine, and its destination until the point is recorded.
import type { DestinationId, MachineId } from '../../../shared/domain/ids.ts'

export const destinationClaim = (id: DestinationId): string => `destination:${id}`

export const claimsOf = (machineId: MachineId, destinationId: DestinationId): readonly string[] => [
  `machine:${machineId}`,
  destinationClaim(destinationId),
]
