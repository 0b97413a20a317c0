import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { JobId, MachineId } from './ids.ts'

/** One line of the activity list: what happened, to what, and whether somebody must look. */
export const Activity = z.object({
  id: z.string(),
  at: z.string(),
  level: z.enum(['info', 'success', 'warning', 'problem']),
  machineId: MachineId.nullable(),
  /** Who speaks: a machine's or destination's name, or Floe. */
  subject: z.string(),
  text: z.string(),
  jobId: JobId.nullable(),
  problem: Problem.nullable(),
  /** Phases with clock times, for the opened row. */
  timeline: z.array(z.object({ at: z.string(), text: z.string() })),
  dismissed: z.boolean(),
})
export type Activity = z.infer<typeof Activity>
