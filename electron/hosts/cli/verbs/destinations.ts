import { resolve } from 'node:path'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { findDestination } from '../lookups.ts'
import { valueIn } from '../problem.ts'
import { table } from '../table.ts'

const stateWords: Record<Destination['state']['kind'], string> = {
  connected: 'connected',
  absent: 'not connected',
  locked: 'locked',
  'other-disk': 'another disk is there',
  'read-only': 'read-only',
  'no-permission': 'no permission',
  full: 'full',
}

const storageWords: Record<Destination['storage'], string> = {
  clone: 'clones (every point stands alone)',
  chain: 'chain (points need earlier ones)',
}

async function list({ output, client }: Context): Promise<number> {
  const destinations = valueIn(await (await client()).invoke('destinations.list', {}))
  output.document(destinations)
  const rows = destinations.map((destination) => [
    destination.id,
    destination.name,
    stateWords[destination.state.kind],
    destination.freeBytes === null ? '' : `${formatBytes(destination.freeBytes, 'decimal', 'en')} free`,
    `${destination.pointCount}`,
    storageWords[destination.storage],
    destination.path,
  ])
  for (const line of table(['ID', 'NAME', 'STATE', 'SPACE', 'POINTS', 'STORAGE', 'PATH'], rows)) output.line(line)
  if (destinations.length === 0) output.line('There is no destination yet. Add one with: floe destination add DIR')
  return 0
}

async function add({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const path = resolve(dependencies.cwd, given.words[0] ?? '')
  const destination = valueIn(
    await (await client()).invoke('destinations.add', { path, name: textOption(given, 'name') }),
  )
  output.document(destination)
  const points = destination.pointCount === 0 ? '' : `, with ${destination.pointCount} restore points`
  output.line(`Added ${destination.name} (${destination.id})${points}.`)
  return 0
}

async function remove({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const destination = await findDestination(floe, given.words[0] ?? '')
  valueIn(await floe.invoke('destinations.remove', { destinationId: destination.id }))
  output.document({ id: destination.id, removed: true })
  output.line(`Removed ${destination.name}. Its files stay in ${destination.path}.`)
  return 0
}

export const destinationVerbs: readonly Verb[] = [
  {
    name: 'destinations',
    usage: '',
    summary: 'List the places that hold backups',
    help: [['STORAGE', 'clones where the file system can share bytes between files, else a chain of overlays']],
    options: {},
    words: [0, 0],
    run: list,
  },
  {
    name: 'destination add',
    usage: 'DIR [--name N]',
    summary: 'Use a folder for backups',
    help: [['--name N', 'what to call it']],
    options: { name: { type: 'string' } },
    words: [1, 1],
    run: add,
  },
  {
    name: 'destination remove',
    usage: 'D',
    summary: 'Forget a destination; its files stay',
    help: [],
    options: {},
    words: [1, 1],
    run: remove,
  },
]
