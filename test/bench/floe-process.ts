import { type ChildProcess, spawn } from 'node:child_process'
import { type HomeSession, openHome } from '../../electron/core/control/home-session.ts'
import type { DestinationId, JobId, MachineId } from '../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../shared/domain/job.ts'
import type { CallName, Input, Output } from '../../shared/ipc/contract.ts'
import { until } from '../support/run.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/** Floe in a process of its own (core and web host), spoken to over its control socket as any other client would. */
export class FloeProcess {
  readonly child: ChildProcess
  #session: HomeSession

  private constructor(child: ChildProcess, session: HomeSession) {
    this.child = child
    this.#session = session
  }

  static async start(program: string, home: string): Promise<FloeProcess> {
    // Only the machine of the bench, which is added: others may be in use by somebody else.
    const env = { ...process.env, FLOE_MACHINES_UNDER: home }
    const args = [program, '--home', home, 'serve']
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout?.on('data', (data) => {
      said += data
    })
    await until(() => said.includes('http://127.0.0.1'), 'the web host')
    const session = await openHome({
      homeDir: home,
      ports: { logger: quiet, clock: { now: () => new Date(), monotonic: () => performance.now() } },
      mode: 'one-shot',
      startCore: () => Promise.reject(new Error('Floe is not running')),
    })
    return new FloeProcess(child, session)
  }

  async call<N extends CallName>(name: N, input: Input<N>): Promise<Output<N>> {
    const result = await this.#session.client.invoke(name, input)
    if (!result.ok) throw new Error(`${name}: ${result.problem.message}`)
    return result.value
  }

  /** Waits for a job's end; `onChange` hears of everything on the way. */
  finished(id: JobId, onChange: (job: Job) => void = () => {}): Promise<Job> {
    return new Promise((resolve, reject) => {
      const stop = this.#session.client.subscribe('jobs', (message) => {
        const job = (message.kind === 'snapshot' ? message.items : message.upserts).find((item) => item.id === id)
        if (job) onChange(job)
        if (!job || !isFinal(job.state)) return
        queueMicrotask(() => stop())
        if (job.state.kind === 'done') resolve(job)
        else reject(new Error(`The job ended ${JSON.stringify(job.state)}`))
      })
    })
  }

  async backup(
    machineId: MachineId,
    destinationId: DestinationId,
    check: boolean,
    onChange?: (job: Job) => void,
  ): Promise<Job> {
    const { jobId } = await this.call('backup.start', { machineId, destinationId, diskIds: null, limit: null, check })
    return this.finished(jobId, onChange)
  }

  async stop(): Promise<void> {
    await this.#session.stop()
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGTERM')
    await gone
  }
}
