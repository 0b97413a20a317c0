import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { volatileTracking } from '../../../../shared/text/machine-words/tracking.ts'
import { machineSubtitle } from '../../../../shared/text/machine-words.ts'
import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { findMachine, freshMachines } from '../lookups.ts'
import { valueIn, WrongUsage } from '../problem.ts'
import { table } from '../table.ts'

async function list({ output, client, dependencies }: Context): Promise<number> {
  const machines = await freshMachines(await client())
  output.document(machines)
  const style = { now: dependencies.now(), locale: 'en' }
  const rows = machines.map((machine) => [
    machine.id,
    machine.name,
    machineSubtitle(machine, style),
    machine.lastGoodPoint === null ? 'never backed up' : formatExactTime(machine.lastGoodPoint.createdAt, style),
  ])
  for (const line of table(['ID', 'NAME', 'STATE', 'LAST GOOD POINT'], rows)) output.line(line)
  if (machines.length === 0)
    output.line('No machine is known. Start one with a QMP socket, or: floe machine add --qmp PATH')
  for (const machine of machines) {
    if (machine.state.kind === 'no-socket') {
      output.line(`${machine.name} can't be backed up while it runs without: ${machine.state.option}`)
    }
    const limit = volatileTracking(machine)
    if (limit !== null) output.line(`${machine.name}: ${limit}`)
  }
  return 0
}

/** Absolute path of a socket; HOST:PORT stays unless a file has that name. */
function endpoint(cwd: string, text: string): string {
  if (text.trim() === '') throw new WrongUsage('--qmp needs the path of a socket or HOST:PORT.', 'machine add')
  const path = resolve(cwd, text)
  return /^(\[[^\]]+\]|[^/:]+):\d+$/.test(text) && !existsSync(path) ? text : path
}

async function add({ output, client, dependencies }: Context, given: Given): Promise<number> {
  const qmp = textOption(given, 'qmp')
  if (qmp === null) throw new WrongUsage('machine add needs --qmp PATH or --qmp HOST:PORT.', 'machine add')
  const agent = textOption(given, 'agent')
  const machine = valueIn(
    await (await client()).invoke('machines.add', {
      qmp: endpoint(dependencies.cwd, qmp),
      agent: agent === null ? null : resolve(dependencies.cwd, agent),
      name: textOption(given, 'name'),
    }),
  )
  output.document(machine)
  output.line(`Added ${machine.name} (${machine.id}): ${diskWords(machine)}.`)
  return 0
}

function diskWords(machine: Machine): string {
  const disks = machine.disks.filter((disk) => disk.exclusion === null)
  const bytes = disks.reduce((sum, disk) => sum + disk.allocatedSize, 0)
  const count = `${disks.length} ${disks.length === 1 ? 'disk' : 'disks'}`
  return `${count} that can be backed up, ${formatBytes(bytes, 'decimal', 'en')}`
}

async function remove({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const machine = await findMachine(floe, given.words[0] ?? '')
  valueIn(await floe.invoke('machines.remove', { machineId: machine.id }))
  output.document({ id: machine.id, removed: true })
  output.line(`Removed ${machine.name}. Its restore points stay.`)
  return 0
}

export const machineVerbs: readonly Verb[] = [
  {
    name: 'machines',
    usage: '',
    summary: 'List the machines Floe knows or finds running',
    help: [],
    options: {},
    words: [0, 0],
    run: list,
  },
  {
    name: 'machine add',
    usage: '--qmp PATH|HOST:PORT [--agent PATH] [--name N]',
    summary: 'Add a machine by its QMP socket',
    help: [
      ['--qmp PATH|HOST:PORT', 'its QMP socket'],
      ['--agent PATH', "the socket of its guest agent (QEMU's side)"],
      ['--name N', 'what to call it'],
    ],
    options: { qmp: { type: 'string' }, agent: { type: 'string' }, name: { type: 'string' } },
    words: [0, 0],
    run: add,
  },
  {
    name: 'machine remove',
    usage: 'M',
    summary: 'Forget a machine; its restore points stay',
    help: [],
    options: {},
    words: [1, 1],
    run: remove,
  },
]
