// From `argv` to a verb and its options. Options may stand before or after the verb; unknown ones are refused.
import { parseArgs } from 'node:util'
import type { Given, OptionValue, Verb } from './context.ts'
import { WrongUsage } from './problem.ts'

export type Parsed =
  | { readonly kind: 'help'; readonly verb: Verb | null }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      readonly verb: Verb
      readonly given: Given
      readonly home: string | null
      readonly json: boolean
    }

const globalOptions = {
  home: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

/** @throws WrongUsage */
export function parseArguments(all: readonly string[], verbs: readonly Verb[]): Parsed {
  const { argv, command } = splitCommand(all, verbs)
  const options = Object.assign({}, ...verbs.map((verb) => verb.options), globalOptions)
  // First only to see which words are no option's value; the strict reading needs the verb.
  const loose = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true })
  const words = loose.positionals
  if (loose.values.version === true && words.length === 0) return { kind: 'version' }
  if (words[0] === 'help') return { kind: 'help', verb: words.length > 1 ? nameVerb(words.slice(1), verbs) : null }
  if (words.length === 0) {
    if (loose.values.help === true) return { kind: 'help', verb: null }
    throw new WrongUsage(unknownOption(argv, options) ?? 'What should Floe do?')
  }
  const verb = nameVerb(words, verbs)
  if (loose.values.help === true) return { kind: 'help', verb }
  const { values, positionals } = strictly(argv, verb)
  const rest = positionals.slice(verb.name.split(' ').length)
  const [least, most] = verb.words
  if (rest.length < least) throw new WrongUsage(`${verb.name} needs to know which: ${verb.usage}.`, verb.name)
  if (rest.length > most) throw new WrongUsage(`${verb.name} does not take "${rest[most]}".`, verb.name)
  const { home, json, ...own } = values
  if (home === '') throw new WrongUsage('--home needs a folder.', verb.name)
  return {
    kind: 'run',
    verb,
    given: { verb: verb.name, words: rest, options: own as Record<string, OptionValue>, command },
    home: typeof home === 'string' ? home : null,
    json: json === true,
  }
}

/** Cuts off what follows `--` where the verb runs it; elsewhere `--` only ends the options. */
function splitCommand(all: readonly string[], verbs: readonly Verb[]) {
  const end = all.indexOf('--')
  if (end < 0) return { argv: all, command: null }
  const before = all.slice(0, end)
  const options = Object.assign({}, ...verbs.map((verb) => verb.options), globalOptions)
  const [first] = parseArgs({ args: [...before], options, strict: false, allowPositionals: true }).positionals
  const verb = verbs.find(({ name, runsCommand }) => runsCommand === true && name === first)
  if (!verb) return { argv: all, command: null }
  const command = all.slice(end + 1)
  if (command.length === 0) throw new WrongUsage('What should be run after "--"?', verb.name)
  return { argv: before, command }
}

function nameVerb(words: readonly string[], verbs: readonly Verb[]): Verb {
  const [first = '', second] = words
  const exact = verbs.find((verb) => verb.name === `${first} ${second}`) ?? verbs.find((verb) => verb.name === first)
  if (exact !== undefined) return exact
  const group = verbs.filter((verb) => verb.name.startsWith(`${first} `))
  if (group.length > 0) {
    const choice = group.map((verb) => verb.name).join(' or ')
    throw new WrongUsage(
      second === undefined ? `Which: ${choice}?` : `There is no "${first} ${second}": ${choice}.`,
      group[0]?.name,
    )
  }
  throw new WrongUsage(`There is no verb "${first}".`)
}

function strictly(argv: readonly string[], verb: Verb) {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...verb.options, ...globalOptions },
      strict: true,
      allowPositionals: true,
    })
  } catch (error) {
    const text = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? error.message) : String(error)
    throw new WrongUsage(`${verb.name}: ${text.replace(/\.$/, '')}.`, verb.name)
  }
}

function unknownOption(argv: readonly string[], options: object): string | null {
  const name = argv.find((word) => word.startsWith('--') && !((word.slice(2).split('=')[0] as string) in options))
  return name === undefined ? null : `There is no option ${name}.`
}
