import type { ActivityLog } from '../activity/types.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'
import type { RestoreJournal } from './journal.ts'
import type { RestoreRecords } from './records.ts'
import type { StepHook } from './types.ts'

/** What every part of this room works with. */
export interface RestoreContext {
  readonly ports: Ports
  readonly machines: MachineService
  readonly repository: Repository
  readonly board: JobBoard
  readonly activity: ActivityLog
  readonly journal: RestoreJournal
  readonly records: RestoreRecords
  readonly step: StepHook
}
