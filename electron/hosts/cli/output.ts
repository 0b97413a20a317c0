// Where a command's words go: for people lines on standard output and problems on standard error; with `--json` nothing
// but JSON on standard output, one document on one line.
import type { Problem } from '../../../shared/errors/problem.ts'
import { remainsOf } from '../../../shared/text/problems/remains.ts'

export interface TextSink {
  write(text: string): unknown
}

export class Output {
  readonly json: boolean
  /** True when progress may be drawn in place. */
  readonly live: boolean
  readonly columns: number
  #out: TextSink
  #error: TextSink
  #drawn = false

  constructor(options: { json: boolean; live: boolean; columns: number; out: TextSink; error: TextSink }) {
    this.json = options.json
    this.live = options.live && !options.json
    this.columns = options.columns
    this.#out = options.out
    this.#error = options.error
  }

  /** A line for people; nothing with `--json`. */
  line(text = ''): void {
    if (this.json) return
    this.#erase()
    this.#out.write(`${plain(text)}\n`)
  }

  /** The command's answer with `--json`; nothing for people. */
  document(value: unknown): void {
    if (this.json) this.#out.write(`${JSON.stringify(value)}\n`)
  }

  /** The same words on standard error, where standard output belongs to somebody else. */
  beside(): Output {
    return new Output({ json: false, live: false, columns: this.columns, out: this.#error, error: this.#error })
  }

  /** Replaces the line drawn before, on a terminal only. */
  draw(text: string): void {
    if (!this.live) return
    this.#out.write(`\r${plain(text).slice(0, this.columns - 1)}\u001b[K`)
    this.#drawn = true
  }

  /** Says something beside the answer: a question, a hint, a complaint. */
  aside(text: string): void {
    this.#erase()
    this.#error.write(`${plain(text)}\n`)
  }

  problem(problem: Problem): void {
    if (this.json) return
    this.aside(`floe: ${problem.message}`)
    const remains = remainsOf(problem)
    if (remains !== null) this.aside(remains)
    if (problem.remedy !== null) this.aside(problem.remedy)
    for (const cause of problem.causes) if (!problem.message.includes(cause)) this.aside(`  ${cause}`)
  }

  #erase(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K')
    this.#drawn = false
  }
}

/** Names come from anywhere: no escape sequence of theirs reaches the terminal. Non-breaking spaces become plain. */
export function plain(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code === 0xa0) return ' '
    return character === '\n' || (code >= 0x20 && code !== 0x7f && (code < 0x80 || code > 0x9f)) ? character : '\ufffd'
  }).join('')
}
