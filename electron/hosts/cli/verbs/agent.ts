import type { AgentState, Machine } from '../../../../shared/domain/machine.ts'
import type { Context, Given, Verb } from '../context.ts'
import { findMachine } from '../lookups.ts'
import { valueIn } from '../problem.ts'

async function ask({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const machine = await findMachine(floe, given.words[0] ?? '')
  const agent = valueIn(await floe.invoke('machines.askAgent', { machineId: machine.id }))
  output.document({ machineId: machine.id, name: machine.name, agent })
  for (const line of agentLines(machine, agent)) output.line(line)
  return agent.kind === 'ready' ? 0 : 3
}

const without = 'Backups work without it; they are like after a power cut.'

function agentLines({ name }: Machine, agent: AgentState): readonly string[] {
  switch (agent.kind) {
    case 'ready': {
      const version = agent.version === null ? '' : ` ${agent.version}`
      const freezing = agent.canFreeze
        ? "It can freeze the guest's file systems while a backup starts."
        : `It can't freeze file systems. ${without}`
      return [`The guest agent${version} of ${name} is ready.`, freezing]
    }
    case 'silent':
      return [`The guest agent of ${name} does not answer.`, 'It may not be installed, or not be running.', without]
    case 'unreachable':
      return [agent.text, without]
    case 'none':
      return [`${name} was started without a channel for a guest agent.`, `Start it with: ${agent.options}`, without]
    case 'unknown':
      return [`The guest agent of ${name} can't be asked: the machine is not running.`]
  }
}

async function thaw({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const machine = await findMachine(floe, given.words[0] ?? '')
  valueIn(await floe.invoke('machines.thaw', { machineId: machine.id }))
  output.document({ machineId: machine.id, name: machine.name, thawed: true })
  output.line(`${machine.name} is not frozen by Floe.`)
  return 0
}

export const agentVerbs: readonly Verb[] = [
  {
    name: 'agent',
    usage: 'M',
    summary: 'Ask the guest agent of a machine now',
    help: [['Exit status', '0 when the agent answered, 3 when it did not']],
    options: {},
    words: [1, 1],
    run: ask,
  },
  {
    name: 'thaw',
    usage: 'M',
    summary: 'Try again to thaw a guest that may still be frozen',
    help: [],
    options: {},
    words: [1, 1],
    run: thaw,
  },
]
