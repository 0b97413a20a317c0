// What is known of a machine's guest agent, in words: for the sheet that sets it up and for the freeze choice of the
// options sheet (ux.md S5, 3.1 "Agent missing or hung", F8).
import type { Machine } from '../domain/machine.ts'
import { formatAgeWords, formatSpan } from '../format/dates.ts'
import { sentences } from './problems/problem-text.ts'

export interface AgentWords {
  readonly tone: 'ok' | 'info' | 'warning'
  readonly title: string
  /** Whole sentences. */
  readonly body: string
}

type Asked = Pick<Machine, 'state' | 'agent'>

/** How the agent stands; `agent` may be a newer answer than the machine's. */
export function agentWords({ state, agent }: Asked, now: Date): AgentWords {
  switch (agent.kind) {
    case 'ready': {
      const version = agent.version === null ? null : `It is version ${agent.version}.`
      const answered = `It answered ${formatAgeWords(agent.answeredAt, now)}.`
      return agent.canFreeze
        ? {
            tone: 'ok',
            title: 'The guest agent is ready',
            body: sentences(answered, version, 'It can freeze: the next restore point needs no repair at boot.'),
          }
        : {
            tone: 'warning',
            title: 'The guest agent answers, but can’t freeze',
            body: sentences(answered, version, 'Freezing is forbidden in its configuration, or its system has none.'),
          }
    }
    case 'silent':
      return {
        tone: 'warning',
        title: 'The guest agent doesn’t answer',
        body: `There is a channel for it, and nobody has answered for ${formatSpan(agent.since, now)}. It may not be installed, or not be running in the guest.`,
      }
    case 'unreachable':
      return { tone: 'warning', title: 'The guest agent can’t be reached', body: agent.text }
    case 'none':
      return {
        tone: 'info',
        title: 'There is no channel to a guest agent',
        body: 'The start command of this machine makes none, as far as Floe can tell. Begin with step 1.',
      }
    case 'unknown':
      return state.kind === 'running'
        ? { tone: 'info', title: 'The guest agent has not been asked yet', body: 'Floe asks it by itself.' }
        : {
            tone: 'info',
            title: 'The guest agent can’t be asked now',
            body: 'The machine isn’t running. Floe asks as soon as it does.',
          }
  }
}

export interface FreezeOutlook {
  /** Is it worth a try? */
  readonly possible: boolean
  /** Beside the choice: when the agent answered, or why freezing can’t or may not work. */
  readonly hint: string
  /** The Set Up Agent sheet would help. */
  readonly setUpAgent: boolean
}

/** Can the guest be frozen while a backup of this machine starts? */
export function freezeOutlook({ state, agent }: Asked, now: Date): FreezeOutlook {
  if (state.kind === 'off') return no('Not needed: the machine is off, and its images are at rest.')
  if (state.kind === 'guest-paused') return no('Skipped: the guest’s CPUs stand still already.')
  const tries = 'Floe tries, and goes on without freezing when it fails.'
  switch (agent.kind) {
    case 'ready':
      return agent.canFreeze
        ? {
            possible: true,
            hint: `The guest agent answered ${formatAgeWords(agent.answeredAt, now)}`,
            setUpAgent: false,
          }
        : no('The guest agent answers, but it can’t freeze.', true)
    case 'none':
      return no('Not possible: this machine has no channel to a guest agent.', true)
    case 'silent':
      return {
        possible: true,
        hint: `The guest agent hasn’t answered for ${formatSpan(agent.since, now)}. ${tries}`,
        setUpAgent: true,
      }
    case 'unreachable':
      return { possible: true, hint: sentences(agent.text, tries), setUpAgent: true }
    case 'unknown':
      return { possible: true, hint: `The guest agent has not been asked yet. ${tries}`, setUpAgent: false }
  }
}

const no = (hint: string, setUpAgent = false): FreezeOutlook => ({ possible: false, hint, setUpAgent })
