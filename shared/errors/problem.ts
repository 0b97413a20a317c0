import { z } from 'zod'
import { type ProblemCode, problemTable } from './codes.ts'

const codes = Object.keys(problemTable) as [ProblemCode, ...ProblemCode[]]

/**
 * An error on its way to a person: a stable code, the facts the words are made of, and the technical cause.
 * `message` is one finished English sentence for logs, the CLI and scripts; the window words it from code + params.
 */
export const Problem = z.object({
  code: z.enum(codes),
  message: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  severity: z.enum(['error', 'warning']),
  /** What to do about it, as a sentence; null when the message says it all. */
  remedy: z.string().nullable(),
  /** QEMU's or the system's own words, outermost first. */
  causes: z.array(z.string()),
})
export type Problem = z.infer<typeof Problem>
export type ProblemParams = Problem['params']
