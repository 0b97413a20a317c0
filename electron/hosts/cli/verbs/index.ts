import type { Verb } from '../context.ts'
import { agentVerbs } from './agent.ts'
import { backupVerbs } from './backup.ts'
import { deleteVerbs } from './delete.ts'
import { destinationVerbs } from './destinations.ts'
import { diffVerbs } from './diff.ts'
import { exportVerbs } from './export.ts'
import { jobVerbs } from './jobs.ts'
import { machineVerbs } from './machines.ts'
import { pointVerbs } from './points.ts'
import { pruneVerbs } from './prune.ts'
import { restoreVerbs } from './restore.ts'
import { systemVerbs } from './system.ts'
import { verifyVerbs } from './verify.ts'

/** Everything `floe` can be told, in the order of its help. */
export const verbs: readonly Verb[] = [
  ...machineVerbs,
  ...agentVerbs,
  ...destinationVerbs,
  ...backupVerbs,
  ...exportVerbs,
  ...jobVerbs,
  ...pointVerbs,
  ...verifyVerbs,
  ...diffVerbs,
  ...deleteVerbs,
  ...pruneVerbs,
  ...restoreVerbs,
  ...systemVerbs,
]
