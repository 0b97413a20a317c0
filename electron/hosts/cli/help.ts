import type { Verb } from './context.ts'

const global: readonly (readonly [string, string])[] = [
  ['--home DIR', "Floe's folder for settings, machines and journals (or FLOE_HOME)"],
  ['--json', 'print JSON: one document on one line, or one event per line'],
  ['--help, --version', ''],
]

export function allHelp(verbs: readonly Verb[]): string {
  const rows: (readonly [string, string])[] = verbs.map((verb) => [verb.name, verb.summary])
  return [
    'Backs up running QEMU machines, and brings them back.',
    '',
    'Usage: floe VERB ...      (floe help VERB tells more)',
    '',
    ...aligned(rows),
    '',
    'Everywhere:',
    ...aligned(global),
    '',
    'Machines (M), destinations (D), restore points (P), jobs (J) and restores (R) are named by their id, its beginning',
    'or their name.',
    'Exit status: 0 done, 2 usage, 3 machine, 4 destination, 5 backup or export, 6 restore, 7 verification failed, 130 cancelled.',
  ].join('\n')
}

export function verbHelp(verb: Verb): string {
  const usage = `Usage: floe ${[verb.name, verb.usage].filter(Boolean).join(' ')}`
  return [usage, '', verb.summary, ...(verb.help.length > 0 ? ['', ...aligned(verb.help)] : [])].join('\n')
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`.trimEnd())
}
