import type { Context, Given } from './context.ts'
import { plain } from './output.ts'
import { CommandFailed, problemOf, WrongUsage } from './problem.ts'

/**
 * Asks before something that replaces or deletes, unless `--yes` was given.
 * @throws WrongUsage without a terminal to ask on; CommandFailed when the answer is no
 */
export async function confirm(context: Context, given: Given, question: readonly string[]): Promise<void> {
  if (given.options.yes === true) return
  const { output, dependencies } = context
  assertSomebodyToAsk(context, given)
  for (const line of question.slice(0, -1)) output.aside(line)
  const answer = await dependencies.ask(`${plain(question.at(-1) ?? 'Go on?')} [y/N] `)
  if (/^\s*y(es)?\s*$/i.test(answer)) return
  throw new CommandFailed(problemOf('system/interrupted', 'Nothing was changed.'))
}

/** @throws WrongUsage where `confirm` would have nobody to ask */
export function assertSomebodyToAsk({ output, dependencies }: Context, given: Given): void {
  if (!output.json && dependencies.terminal.input) return
  throw new WrongUsage(`${given.verb} asks before it goes on, and there is nobody to ask: add --yes.`, given.verb)
}
