import { z } from 'zod'
import { MachineId } from './ids.ts'

/** The demo machine: a tiny guest that counts on its disk. */
export const Demo = z.object({
  id: z.literal('demo'),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('starting') }),
    z.object({ kind: z.literal('running') }),
    z.object({ kind: z.literal('off') }),
    z.object({ kind: z.literal('failed'), text: z.string() }),
    /** QEMU is not installed; `command` installs it. */
    z.object({ kind: z.literal('unavailable'), text: z.string(), command: z.string().nullable() }),
  ]),
  machineId: MachineId.nullable(),
  /** The number on the demo's disk; null before the first one. */
  counter: z.number().int().nonnegative().nullable(),
})
export type Demo = z.infer<typeof Demo>
