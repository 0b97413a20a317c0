import { describe, expect, test } from 'vitest'
import type { AgentState, MachineState } from '../../../../shared/domain/machine.ts'
import { guestSetUps, optionLines } from '../../../../shared/text/agent-set-up.ts'
import { agentWords, freezeOutlook } from '../../../../shared/text/agent-words.ts'

const now = new Date('2026-11-23T12:00:00Z')
const running: MachineState = { kind: 'running' }
const off: MachineState = { kind: 'off', since: null }
const agents: Readonly<Record<string, AgentState>> = {
  ready: { kind: 'ready', answeredAt: '2026-11-23T11:58:00Z', version: '7.2', canFreeze: true },
  'without freezing': { kind: 'ready', answeredAt: '2026-11-23T11:58:00Z', version: null, canFreeze: false },
  silent: { kind: 'silent', since: '2026-11-23T11:00:00Z' },
  unreachable: { kind: 'unreachable', text: 'There is no socket.' },
  none: { kind: 'none', options: '-device virtio-serial' },
  unknown: { kind: 'unknown' },
}
const agent = (name: string): AgentState => agents[name] ?? { kind: 'unknown' }

describe('an agent in words', () => {
  test.each([
    ['ready', 'ok', 'It answered 2 minutes ago. It is version 7.2. It can freeze'],
    ['without freezing', 'warning', 'It answered 2 minutes ago. Freezing is forbidden'],
    ['silent', 'warning', 'nobody has answered for 1 hour'],
    ['unreachable', 'warning', 'There is no socket.'],
    ['none', 'info', 'Begin with step 1.'],
    ['unknown', 'info', 'Floe asks it by itself.'],
  ])('that is %s', (name, tone, body) => {
    const words = agentWords({ state: running, agent: agent(name) }, now)
    expect(words.tone).toBe(tone)
    expect(words.body).toContain(body)
    expect(words.title.length).toBeLessThanOrEqual(60)
  })

  test('cannot be asked while the machine is off', () => {
    expect(agentWords({ state: off, agent: agent('unknown') }, now).title).toBe('The guest agent can’t be asked now')
  })
})

describe('freezing', () => {
  test.each([
    ['ready', true, false],
    ['without freezing', false, true],
    ['silent', true, true],
    ['unreachable', true, true],
    ['none', false, true],
    ['unknown', true, false],
  ])('with an agent that is %s: worth a try %s, set-up offered %s', (name, possible, setUpAgent) => {
    expect(freezeOutlook({ state: running, agent: agent(name) }, now)).toMatchObject({ possible, setUpAgent })
  })

  test('is no matter for a guest that stands still, whatever its agent', () => {
    for (const state of [off, { kind: 'guest-paused', status: 'paused' } as const]) {
      for (const one of Object.values(agents)) {
        expect(freezeOutlook({ state, agent: one }, now)).toMatchObject({ possible: false, setUpAgent: false })
      }
    }
  })
})

test('options for QEMU lie on lines that a shell reads as one', () => {
  const options = '-chardev socket,path=$HOME/a-b.sock,id=agent0 -device virtio-serial'
  expect(optionLines(options)).toBe('-chardev socket,path=$HOME/a-b.sock,id=agent0 \\\n-device virtio-serial')
})

test('every guest system has lines to type and a sentence about them', () => {
  for (const { lines, note } of guestSetUps) {
    expect(lines.length).toBeGreaterThan(1)
    expect(note).toMatch(/\.$/)
  }
})
