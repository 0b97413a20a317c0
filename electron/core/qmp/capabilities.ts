// What a QEMU can do, read from its `query-qmp-schema`. Type names in that answer are numbers without meaning
// (qemu.md 10), so everything is found by following links from a command's name.
import type { QmpCapabilities } from './types.ts'

interface SchemaMember {
  readonly name: string
  readonly type: string
}

/** One entry of `query-qmp-schema`; which keys it has depends on its `meta-type`. */
export interface SchemaEntry {
  readonly name: string
  readonly 'meta-type': string
  readonly 'arg-type'?: string
  readonly 'element-type'?: string
  readonly members?: readonly (SchemaMember | { readonly type: string })[]
  readonly variants?: readonly { readonly case: string; readonly type: string }[]
}

export function capabilitiesOf(schema: readonly SchemaEntry[]): QmpCapabilities {
  const commands = new Map<string, SchemaEntry>()
  const types = new Map<string, SchemaEntry>()
  for (const entry of schema) {
    if (entry['meta-type'] === 'command') commands.set(entry.name, entry)
    else types.set(entry.name, entry)
  }

  const membersOf = (type: SchemaEntry | undefined): readonly SchemaMember[] =>
    (type?.members ?? []).filter((member): member is SchemaMember => 'name' in member)

  /** The type that holds the members: arrays and alternates stand for what is in them. */
  const resolve = (name: string | undefined): SchemaEntry | undefined => {
    const type = name === undefined ? undefined : types.get(name)
    if (type?.['meta-type'] === 'array') return resolve(type['element-type'])
    if (type?.['meta-type'] !== 'alternate') return type
    return type.members?.map((member) => resolve(member.type)).find((found) => found?.['meta-type'] === 'object')
  }

  const hasPath = (type: SchemaEntry | undefined, path: readonly string[]): boolean => {
    const [first, ...rest] = path
    if (first === undefined) return true
    const direct = membersOf(type).find((member) => member.name === first)
    if (direct) return hasPath(resolve(direct.type), rest)
    return (type?.variants ?? []).some((variant) => hasPath(resolve(variant.type), path))
  }

  const argumentsOf = (command: string) => resolve(commands.get(command)?.['arg-type'])

  return {
    hasCommand: (name) => commands.has(name),
    hasArgument: (command, argument) => commands.has(command) && hasPath(argumentsOf(command), argument.split('.')),
    hasDriver: (driver, option) => {
      const variant = argumentsOf('blockdev-add')?.variants?.find((candidate) => candidate.case === driver)
      return variant !== undefined && (option === undefined || hasPath(resolve(variant.type), option.split('.')))
    },
  }
}
