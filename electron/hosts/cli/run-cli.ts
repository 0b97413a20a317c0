// The `floe` command: reads what was typed, joins the home, runs one verb, and turns the outcome into words, JSON and an
// exit status. It knows the core only as a client of the contract, so it works the same inside its own process and
// through a Floe that is already running on the home.
import { resolve } from 'node:path'
import { toProblem } from '../../core/errors.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import { type Parsed, parseArguments } from './arguments.ts'
import type { CliDependencies, Context } from './context.ts'
import { allHelp, verbHelp } from './help.ts'
import { Output } from './output.ts'
import { CommandFailed, problemOf, WrongUsage } from './problem.ts'
import { verbs } from './verbs/index.ts'

export type { CliDependencies, ServeRequest } from './context.ts'

/** Runs one command line (without the program's name). Never rejects. @returns the exit status */
export async function runCli(argv: readonly string[], dependencies: CliDependencies): Promise<number> {
  let parsed: Parsed
  try {
    parsed = parseArguments(argv, verbs)
  } catch (error) {
    return wrongCommandLine(argv, error, dependencies)
  }
  if (parsed.kind === 'version') {
    dependencies.stdout.write(`floe ${dependencies.version}\n`)
    return 0
  }
  if (parsed.kind === 'help') {
    dependencies.stdout.write(`${parsed.verb === null ? allHelp(verbs) : verbHelp(parsed.verb)}\n`)
    return 0
  }
  return runVerb(parsed, dependencies)
}

async function runVerb(parsed: Extract<Parsed, { kind: 'run' }>, dependencies: CliDependencies): Promise<number> {
  const { verb, given, json } = parsed
  const { terminal, stdout, stderr } = dependencies
  const output = new Output({ json, live: terminal.output, columns: terminal.columns, out: stdout, error: stderr })
  const home = parsed.home === null ? null : resolve(dependencies.cwd, parsed.home)
  const joined: Promise<{ readonly client: FloeClient; close(): Promise<void> }>[] = []
  const context: Context = {
    output,
    dependencies,
    home,
    client: async () => {
      if (joined[0] === undefined) joined.push(dependencies.openClient(home))
      return ((await joined[0]) as { client: FloeClient }).client
    },
  }
  let status: number
  try {
    status = await verb.run(context, given)
  } catch (error) {
    status = tellFailure(error, output, verb.events === true, dependencies)
  }
  try {
    // One that could not be joined has been told about as the failure of the verb.
    for (const session of joined) await (await session.catch(() => null))?.close()
  } catch (error) {
    // The verb has said how it ended, and that stands: only the way out was not clean.
    const { message } = toProblem(error)
    stderr.write(`floe: Leaving was not clean: ${message}\n`)
  }
  return status
}

function tellFailure(error: unknown, output: Output, events: boolean, dependencies: CliDependencies): number {
  if (error instanceof WrongUsage) {
    const problem = problemOf('ipc/invalid-input', error.message)
    output.document(events ? { event: 'failed', problem } : { problem })
    return output.json ? 2 : wrongUsage(error, dependencies)
  }
  const failure = error instanceof CommandFailed ? error : new CommandFailed(toProblem(error))
  const { problem } = failure
  output.document(events ? { event: 'failed', ...failure.details, problem } : { problem })
  output.problem(problem)
  if (problem.code === 'destination/none') {
    const several = Number(problem.params.count ?? 0) > 0
    output.aside(several ? 'Say which with: --to D (see: floe destinations)' : 'Add one with: floe destination add DIR')
  }
  return failure.exitStatus
}

/** Scripts get their JSON even when the command line is wrong; whether it asks for it must be guessed then. */
function wrongCommandLine(argv: readonly string[], error: unknown, dependencies: CliDependencies): number {
  const ours = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  if (!(error instanceof WrongUsage) || !ours.includes('--json')) return wrongUsage(error, dependencies)
  const problem = problemOf('ipc/invalid-input', error.message)
  const events = verbs.find((verb) => verb.name === error.verb)?.events === true
  dependencies.stdout.write(`${JSON.stringify(events ? { event: 'failed', problem } : { problem })}\n`)
  return 2
}

function wrongUsage(error: unknown, { stderr }: CliDependencies): number {
  if (!(error instanceof WrongUsage)) throw error
  const verb = verbs.find((candidate) => candidate.name === error.verb)
  stderr.write(`floe: ${error.message}\n\n${verb === undefined ? allHelp(verbs) : verbHelp(verb)}\n`)
  return 2
}
