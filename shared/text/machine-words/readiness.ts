// What is true of a machine today, in one row (ux.md S2): its guest agent, its disks,
// whether their changes are tracked, and how it would be backed up.
import type { AgentState, Machine } from '../../domain/machine.ts'
import { formatAgeWords, formatSpan } from '../../format/dates.ts'
import { backedUpDisks } from './disks.ts'
import { machineTracking } from './tracking.ts'

export interface ReadinessItem {
  readonly id: 'agent' | 'freeze' | 'tracking' | 'disks' | 'off'
  readonly tone: 'ok' | 'neutral' | 'warning'
  readonly text: string
  /** Longer words, for a tooltip. */
  readonly hint: string | null
  /** The Set Up Agent sheet would help. */
  readonly setUpAgent: boolean
}

export interface ReadinessStyle {
  readonly now: Date
  /** Is freezing wanted for this machine? As the settings say; wanted when left out. */
  readonly freeze?: boolean
}

const item = (
  id: ReadinessItem['id'],
  tone: ReadinessItem['tone'],
  text: string,
  hint: string | null,
  setUpAgent = false,
): ReadinessItem => ({ id, tone, text, hint, setUpAgent })

export function readiness(machine: Machine, style: ReadinessStyle): readonly ReadinessItem[] {
  const count = backedUpDisks(machine).length
  const disks = item(
    'disks',
    count === 0 ? 'warning' : 'neutral',
    count === 0 ? 'No disk to back up' : count === 1 ? '1 disk' : `${count} disks, same instant`,
    count > 1 ? 'One restore point holds all disks as they were at one instant.' : null,
  )
  switch (machine.state.kind) {
    case 'running':
      return [...agentItems(machine.agent, style), ...trackingItems(machine), disks]
    case 'guest-paused':
      return [
        item('freeze', 'neutral', 'Freezing is skipped', 'The guest’s CPUs stand still already.'),
        ...trackingItems(machine),
        disks,
      ]
    case 'off':
      return [item('off', 'neutral', 'Offline copy', 'The machine is off: a backup copies its images directly.'), disks]
    default:
      return count === 0 ? [] : [disks]
  }
}

function trackingItems(machine: Machine): readonly ReadinessItem[] {
  const tracking = machineTracking(machine)
  return tracking === null ? [] : [item('tracking', tracking.tone, tracking.text, tracking.hint)]
}

const without = 'Restore points are like after a power cut: the guest repairs its journal on first boot.'

function agentItems(agent: AgentState, style: ReadinessStyle): readonly ReadinessItem[] {
  switch (agent.kind) {
    case 'ready': {
      const answered = `It answered ${formatAgeWords(agent.answeredAt, style.now)}.`
      if (!agent.canFreeze) {
        return [
          item('agent', 'warning', 'Guest agent can’t freeze', `${answered} It offers no freezing. ${without}`, true),
        ]
      }
      const ready = item(
        'agent',
        'ok',
        'Guest agent ready',
        `${answered} The guest’s file systems are frozen for a moment while a backup starts.`,
      )
      return style.freeze === false ? [ready, item('freeze', 'warning', 'Freezing is off', without)] : [ready]
    }
    case 'silent':
      return [
        item(
          'agent',
          'warning',
          'Guest agent doesn’t answer',
          `There is a channel for it, and nobody has answered for ${formatSpan(agent.since, style.now)}. ${without}`,
          true,
        ),
      ]
    case 'unreachable':
      return [item('agent', 'warning', 'Guest agent can’t be reached', `${agent.text} ${without}`, true)]
    case 'none':
      return [item('agent', 'warning', 'No guest agent', without, true)]
    case 'unknown':
      return [item('agent', 'neutral', 'Guest agent not asked yet', null)]
  }
}
