import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { AgentConnection } from './connection.ts'
import { garbage, notThawed } from './errors.ts'
import type { AgentInfo, AgentSession, MountedFileSystem } from './types.ts'

/** What is answered without touching a disk. */
const quickMs = 5_000

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : [])

/** The commands Floe uses, on a connection that is synchronised. */
export class AgentClient implements AgentSession {
  readonly #connection: AgentConnection
  readonly #endpoint: QmpEndpoint
  readonly #newId: () => number
  readonly #release: () => void

  constructor(connection: AgentConnection, endpoint: QmpEndpoint, newId: () => number, release: () => void) {
    this.#connection = connection
    this.#endpoint = endpoint
    this.#newId = newId
    this.#release = release
  }

  async ping(timeoutMs = quickMs): Promise<void> {
    await this.#connection.command('guest-ping', null, timeoutMs)
  }

  async info(): Promise<AgentInfo> {
    const answer = await this.#connection.command('guest-info', null, quickMs)
    if (!isRecord(answer) || typeof answer.version !== 'string') throw this.#unexpected(answer)
    const enabled = records(answer.supported_commands).filter((command) => command.enabled === true)
    return { version: answer.version, commands: new Set(enabled.map((command) => String(command.name))) }
  }

  async fileSystems(): Promise<readonly MountedFileSystem[]> {
    const answer = await this.#connection.command('guest-get-fsinfo', null, quickMs)
    return records(answer).flatMap(({ mountpoint, type, name }) =>
      typeof mountpoint === 'string' && typeof type === 'string'
        ? [{ mountpoint, type, device: typeof name === 'string' ? name : mountpoint }]
        : [],
    )
  }

  freeze(options: { readonly mountpoints: readonly string[] | null; readonly timeoutMs: number }): Promise<number> {
    const { mountpoints, timeoutMs } = options
    return mountpoints === null
      ? this.#count('guest-fsfreeze-freeze', null, timeoutMs)
      : this.#count('guest-fsfreeze-freeze-list', { mountpoints }, timeoutMs)
  }

  async freezeStatus(): Promise<'thawed' | 'frozen'> {
    const answer = await this.#connection.command('guest-fsfreeze-status', null, quickMs)
    if (answer !== 'thawed' && answer !== 'frozen') throw this.#unexpected(answer)
    return answer
  }

  thaw(timeoutMs: number): Promise<number> {
    return this.#count('guest-fsfreeze-thaw', null, timeoutMs)
  }

  async undoFreeze(timeoutMs: number): Promise<number> {
    const answer = await this.#connection.synchroniseAnd(this.#newId(), 'guest-fsfreeze-thaw', timeoutMs)
    const count = this.#asCount(answer)
    if ((await this.freezeStatus()) === 'frozen') throw notThawed(this.#endpoint)
    return count
  }

  /** `guest-set-time` takes nanoseconds. */
  async setTime(now: Date): Promise<void> {
    await this.#connection.command('guest-set-time', { time: now.getTime() * 1_000_000 }, quickMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close()
    this.#release()
  }

  async #count(command: string, args: Readonly<Record<string, unknown>> | null, timeoutMs: number): Promise<number> {
    return this.#asCount(await this.#connection.command(command, args, timeoutMs))
  }

  #asCount(answer: unknown): number {
    if (typeof answer !== 'number' || !Number.isInteger(answer) || answer < 0) throw this.#unexpected(answer)
    return answer
  }

  #unexpected(answer: unknown) {
    return this.#connection.spoil(garbage(this.#endpoint, JSON.stringify(answer) ?? 'nothing'))
  }
}
