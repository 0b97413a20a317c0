import type { FloeClient } from '../../core/gate/client.ts'
import type { Output } from './output.ts'

export interface ServeRequest {
  /** Null: the default home. */
  readonly home: string | null
  readonly port: number | null
  readonly open: boolean
  readonly demo: boolean
}

/** What the command line needs from the program around it. */
export interface CliDependencies {
  readonly version: string
  /** Joins a home (null: the default one) as owner or guest of the Floe that runs on it. */
  openClient(home: string | null): Promise<{ readonly client: FloeClient; close(): Promise<void> }>
  /** Starts the web host; it serves until `close`. */
  serve(request: ServeRequest): Promise<{ readonly url: string; close(): Promise<void> }>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  /** Standard output as bytes, one piece after the other. Rejects with the system's error, `EPIPE` when nobody reads. */
  writeBytes(bytes: Uint8Array): Promise<void>
  /** Asks for one line on the terminal. */
  ask(question: string): Promise<string>
  readonly terminal: { readonly input: boolean; readonly output: boolean; readonly columns: number }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly now: () => Date
  /** Aborts at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** What a verb works with. `client` joins the home when first used. */
export interface Context {
  readonly output: Output
  readonly dependencies: CliDependencies
  readonly home: string | null
  client(): Promise<FloeClient>
}

export type OptionValue = string | boolean | readonly (string | boolean)[] | undefined

export interface Given {
  readonly verb: string
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, OptionValue>>
  /** What follows `--` for a verb that runs a command; null without. */
  readonly command: readonly string[] | null
}

export interface Verb {
  /** `machine add`. */
  readonly name: string
  /** What follows the name. */
  readonly usage: string
  /** One line. */
  readonly summary: string
  /** A line for each option. */
  readonly help: readonly (readonly [option: string, meaning: string])[]
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>>
  /** How many words may follow: [least, most]. */
  readonly words: readonly [number, number]
  /** True when `--json` prints a line for each event. */
  readonly events?: boolean
  /** True when a command may follow `--`. */
  readonly runsCommand?: boolean
  /** @returns the exit status */
  run(context: Context, given: Given): Promise<number>
}

export function textOption(given: Given, name: string): string | null {
  const value = given.options[name]
  return typeof value === 'string' ? value : null
}
