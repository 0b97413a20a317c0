import { dirname } from 'node:path'
import { type Core, createCore } from '../../electron/core/core.ts'
import type { Ports } from '../../electron/core/ports/index.ts'
import { createNodePorts } from '../../electron/core/ports/node-ports.ts'
import type { JobId } from '../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../shared/domain/job.ts'
import type { CallName, CoreCallName, Input, Output } from '../../shared/ipc/contract.ts'
import { quietLogger } from './core.ts'
import { guardCommand } from './guard-command.ts'

/** Floe's whole core on a home folder of the test, spoken to through the contract like any host does. */
export interface TestFloe extends AsyncDisposable {
  readonly core: Core
  /** Fails the test with the problem's sentence when the call is refused. */
  call<N extends CoreCallName>(name: N, input: Input<N>): Promise<Output<N>>
  /** The problem's code when the call is refused; null when it is not. */
  refusal<N extends CallName>(name: N, input: Input<N>): Promise<string | null>
  /** Waits for the job's end, whatever it is. */
  end(id: JobId): Promise<Job>
  /** Waits for the job's end and fails unless it is `done`. */
  done(id: JobId): Promise<Job>
}

export const indexWorker = new URL('../../electron/core/repository/content-index/worker.ts', import.meta.url)

export async function startFloe(homeDir: string, ports: Partial<Ports> = {}): Promise<TestFloe> {
  const core = await createCore({
    homeDir,
    version: '0.0.0-test',
    ports: createNodePorts({
      indexWorker,
      guardCommand,
      logger: quietLogger,
      env: { ...process.env, FLOE_MACHINES_UNDER: dirname(homeDir) },
      ...ports,
    }),
  })
  const end = (id: JobId): Promise<Job> =>
    new Promise((resolve) => {
      const stop = core.topics.jobs.subscribe((message) => {
        const job = (message.kind === 'snapshot' ? message.items : message.upserts).find((item) => item.id === id)
        if (!job || !isFinal(job.state)) return
        queueMicrotask(() => stop())
        resolve(job)
      })
    })
  return {
    core,
    call: async (name, input) => {
      const result = await core.client.invoke(name, input)
      if (!result.ok) throw new Error(`${name}: ${result.problem.code}: ${result.problem.message}`)
      return result.value
    },
    refusal: async (name, input) => {
      const result = await core.client.invoke(name, input)
      return result.ok ? null : result.problem.code
    },
    end,
    done: async (id) => {
      const job = await end(id)
      if (job.state.kind !== 'done') throw new Error(`The job ended ${JSON.stringify(job.state)}`)
      return job
    },
    [Symbol.asyncDispose]: () => core.stop(),
  }
}
