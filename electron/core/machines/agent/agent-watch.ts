// What Floe knows of one machine's guest agent, and when it asks anew: at the first sight of the running machine, when
// the agent's port opens or closes, and then at regular times. "Ready" is never older than a few minutes.
import type { AgentState, QmpEndpoint } from '../../../../shared/domain/machine.ts'
import type { OpenAgent } from '../../guest-agent/types.ts'
import type { Ports } from '../../ports/index.ts'
import type { MachineTiming } from '../timing.ts'
import { type AgentAnswer, type AgentChannel, askAgent } from './ask-agent.ts'

export interface AgentWatchDeps {
  readonly ports: Pick<Ports, 'clock' | 'randomBytes' | 'logger'>
  readonly timing: Pick<MachineTiming, 'agentWatchedMs' | 'agentIdleMs' | 'agentValidMs' | 'agentAnswerMs'>
  readonly openAgent: OpenAgent
  /** Where the agent is reached now; null when there is no channel. */
  readonly channel: () => AgentChannel | null
  /** May it be asked? Not while its guest stands still or waits for a thaw. */
  readonly mayAsk: () => boolean
  /** QEMU itself may be slow now: silence proves nothing. */
  readonly isStrained: () => boolean
  readonly onChange: () => void
}

const unknown: AgentState = { kind: 'unknown' }

export class AgentWatch {
  readonly #deps: AgentWatchDeps
  #state: AgentState = unknown
  #told: AgentState = unknown
  #asking: Promise<void> | null = null
  #askedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  #running = false
  #watched = false

  constructor(deps: AgentWatchDeps) {
    this.#deps = deps
  }

  /** An answer counts for some minutes. */
  get state(): AgentState {
    if (this.#state.kind !== 'ready') return this.#state
    const age = this.#deps.ports.clock.now().getTime() - Date.parse(this.#state.answeredAt)
    return Math.abs(age) <= this.#deps.timing.agentValidMs ? this.#state : unknown
  }

  setRunning(running: boolean): void {
    if (this.#running === running) return
    this.#running = running
    if (running) this.#askSoon()
    else this.forget()
  }

  setWatched(watched: boolean): void {
    if (this.#watched === watched) return
    this.#watched = watched
    this.#schedule()
  }

  /** Its port was opened or closed in the guest, or the guest was thawed: asks as soon as possible. */
  somethingChanged(): void {
    if (this.#running) this.#askSoon()
  }

  /** It is another machine now, or another channel: what was known counts no more. */
  forget(): void {
    this.#state = unknown
    this.#told = unknown
    this.#askSoon()
  }

  stop(): void {
    this.#running = false
    this.#stopTimer()
  }

  /** Asks now; several callers share one question. */
  async ask(): Promise<AgentState> {
    if (this.#running) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null
        this.#tell()
        this.#schedule()
      })
      await this.#asking
    }
    return this.state
  }

  async #ask(): Promise<void> {
    const { channel, mayAsk, ports, openAgent, timing } = this.#deps
    const at = channel()
    if (at === null) return
    this.#askedAt = ports.clock.monotonic()
    if (!mayAsk()) return
    const answer = await askAgent(at, { openAgent, ports, answerMs: timing.agentAnswerMs })
    // The machine may have ended, or been given another channel, while its agent was asked.
    if (this.#running && sameChannel(channel()?.endpoint, at.endpoint)) this.#take(answer)
  }

  #take(answer: AgentAnswer): void {
    const now = this.#deps.ports.clock.now().toISOString()
    switch (answer.kind) {
      case 'ready':
        this.#state = { ...answer, answeredAt: now }
        break
      case 'unreachable':
        this.#state = answer
        break
      case 'silent':
        if (this.#deps.isStrained() && this.state.kind === 'ready') break
        if (this.#state.kind !== 'silent') this.#state = { kind: 'silent', since: now }
        break
      case 'taken':
        break
    }
  }

  #tell(): void {
    const { state } = this
    if (JSON.stringify(state) === JSON.stringify(this.#told)) return
    this.#told = state
    this.#deps.onChange()
  }

  /** Also right after a question that is under way: its answer may be about what was before. */
  #askSoon(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY
    this.#schedule()
  }

  #schedule(): void {
    this.#stopTimer()
    if (!this.#running || this.#asking) return
    const { timing, ports, channel } = this.#deps
    if (channel() === null) return
    const pause = this.#watched ? timing.agentWatchedMs : timing.agentIdleMs
    const wait = Math.max(0, this.#askedAt + pause - ports.clock.monotonic())
    this.#timer = setTimeout(() => {
      void this.ask().catch((error: unknown) => ports.logger.warn('A guest agent could not be asked.', { error }))
    }, wait)
    this.#timer.unref()
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

const sameChannel = (a: QmpEndpoint | undefined, b: QmpEndpoint): boolean => JSON.stringify(a) === JSON.stringify(b)
