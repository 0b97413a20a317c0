import { randomBytes } from 'node:crypto'
import type { Clock } from '../../ports/index.ts'
import { createFileLogger } from '../../ports/loggers.ts'
import { openAgent } from '../open-agent.ts'
import { watchOver } from './watch.ts'

const clock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

/** Guards over this process's standard input and output; what asks a program to end is no reason to leave a guest. */
export async function runGuard(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  await watchOver(process.stdin, process.stdout, {
    clock,
    randomBytes,
    openAgent,
    attemptMs: 5_000,
    openLog: createFileLogger,
  })
}
