import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { FloeError } from '../errors.ts'
import type { GuardCommand } from '../ports/index.ts'
import type { GuardConfig, GuardWord } from './guard/words.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A whole desktop program may have to start, on a busy computer. */
const startTimeoutMs = 20_000
const answerTimeoutMs = 5_000

/** Floe's end of a guard. It never keeps this process alive. */
export class GuardProcess {
  readonly #child: Child
  readonly #answers: ((answer: string | null) => void)[] = []
  /** Why it is no more. */
  #ended: string | null = null

  /** @throws FloeError `system/tool-failed` when the guard does not start */
  static async start(command: GuardCommand, config: GuardConfig): Promise<GuardProcess> {
    const guard = startGuard(command)
    try {
      await guard.#say(JSON.stringify(config), startTimeoutMs)
      return guard
    } catch (error) {
      guard.#child.kill('SIGKILL')
      throw error
    }
  }

  constructor(child: Child) {
    this.#child = child
    const end = (why: string) => {
      this.#ended ??= why
      for (const answer of this.#answers.splice(0)) answer(null)
    }
    child.on('error', (error) => end(error.message))
    child.on('exit', (status, signal) => end(`it ended with ${status ?? signal}`))
    child.stdin.on('error', () => {})
    child.stdout.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => this.#answers.shift()?.(line))
    child.unref()
    for (const stream of [child.stdin, child.stdout] as { unref?: () => void }[]) stream.unref?.()
  }

  get ended(): boolean {
    return this.#ended !== null
  }

  get pid(): number | null {
    return this.#child.pid ?? null
  }

  /** @throws FloeError `system/tool-failed` when the guard does not confirm it */
  tell(word: GuardWord): Promise<void> {
    return this.#say(word, answerTimeoutMs)
  }

  /** Ends the guard without work left; resolves when it has understood, or is gone anyway. */
  async dismiss(): Promise<void> {
    await this.tell('done').catch(() => {})
    this.#child.stdin.end()
  }

  /** Leaves what is raised to the guard. */
  abandon(): void {
    this.#child.stdin.end()
  }

  #say(line: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (answer: string | null) => {
        clearTimeout(timer)
        if (answer === 'ok') resolve()
        else reject(failed(answer === null ? (this.#ended ?? 'it ended') : `it answered "${answer}"`))
      }
      const timer = setTimeout(() => settle('nothing'), timeoutMs)
      if (this.ended) return settle(null)
      this.#answers.push(settle)
      this.#child.stdin.write(`${line}\n`)
    })
  }
}

function startGuard({ program, args, env }: GuardCommand): GuardProcess {
  try {
    // A session of its own: a signal for Floe's process group does not reach it.
    const options = { env, cwd: '/', detached: true } as const
    return new GuardProcess(spawn(program, [...args], { ...options, stdio: ['pipe', 'pipe', 'ignore'] }))
  } catch (error) {
    throw failed(error instanceof Error ? error.message : String(error))
  }
}

const failed = (reason: string) =>
  new FloeError(
    'system/tool-failed',
    `The process that guards a guest while Floe touches it does not work: ${reason}.`,
    {
      params: { tool: 'floe-guard', reason },
      remedy: 'Look whether the computer is out of memory or processes. Nothing was done to the guest.',
    },
  )
