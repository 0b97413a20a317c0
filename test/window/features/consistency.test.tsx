import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { daysOf } from '../../../renderer/src/features/overview/day-dots.tsx'
import type { AgentState } from '../../../shared/domain/machine.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { activity, ago, fullProblem, machine, machineId, point, pointId, settings } from '../support/sample.ts'
import '../support/setup.ts'
import { openMachine, sceneBridge } from './support.ts'

const freeze = {
  heldMs: 92,
  confirmedAfterMs: 41,
  fileSystems: [
    { mountpoint: '/', type: 'ext4' },
    { mountpoint: '/home', type: 'xfs' },
  ],
}
const frozen = { consistency: 'frozen', consistencyReason: null, freeze, pausedMs: 6, way: 'fleecing' } as const
const offline = { consistency: 'offline', consistencyReason: null, way: 'offline' } as const
const points = [
  point('p1', 'debian-dev', 1, frozen),
  point('p2', 'debian-dev', 49, { consistencyReason: 'The guest agent did not answer.' }),
  point('p3', 'debian-dev', 73, offline),
]

describe('a restore point’s consistency', () => {
  it('stands in its row, with the length of the freeze, and is spoken in whole words', async () => {
    openMachine(sceneBridge({ points }))
    const row = await screen.findByTestId(`point-${pointId('p1')}`)
    expect(row.textContent).toContain('Frozen 92\u00a0ms')
    expect(row.getAttribute('aria-label')).toContain('frozen 92 milliseconds')
    expect(screen.getByTestId(`point-${pointId('p2')}`).textContent).toContain('Crash-consistent')
    expect(screen.getByTestId(`point-${pointId('p2')}`).getAttribute('aria-label')).toContain('crash-consistent')
    expect(screen.getByTestId(`point-${pointId('p3')}`).textContent).toContain('Offline')
  })

  it('is explained beside it: what was frozen, how fast, how long the CPUs stood still, how it was read', async () => {
    const { user } = openMachine(sceneBridge({ points }))
    await user.click(await screen.findByTestId(`point-${pointId('p1')}`))
    const inspector = screen.getByTestId('inspector')
    expect(screen.getByTestId('point-consistency').textContent).toContain('Frozen for 92\u00a0ms')
    expect(inspector.textContent).toContain('/ (ext4), /home (xfs)')
    expect(screen.getByTestId('point-freeze').textContent).toContain('Confirmed after41\u00a0ms')
    expect(screen.getByTestId('point-freeze').textContent).toContain('Guest CPUs stood still6\u00a0ms')
    expect(inspector.textContent).toContain('Copied through a scratch image')
    await user.click(screen.getByTestId(`point-${pointId('p2')}`))
    expect(screen.getByTestId('point-consistency').textContent).toBe(
      'Crash-consistentThe guest agent did not answer. Like after a power cut: the guest repairs its journal on first boot.',
    )
    await user.click(screen.getByTestId(`point-${pointId('p3')}`))
    expect(screen.getByTestId('point-consistency').textContent).toContain('The machine was off')
  })

  it('is counted when several are selected', () => {
    const { state } = openMachine(sceneBridge({ points }))
    state.ui.selectPoints(points.map((one) => one.id))
    return screen.findByText('1 frozen, 1 offline, 1 crash-consistent')
  })

  it('shows as a dot per day in the overview: filled, ring, cross or dash, each with its name', () => {
    const style = { now: new Date('2026-11-22T14:00:00Z'), locale: 'en-GB', timeZone: 'UTC' } as const
    const at = (id: string, createdAt: string, more = {}) => point(id, 'debian-dev', 0, { createdAt, ...more })
    const days = daysOf(
      [
        at('a', '2026-11-22T09:00:00Z'),
        at('b', '2026-11-22T10:00:00Z', frozen),
        at('c', '2026-11-21T10:00:00Z'),
        at('d', '2026-11-19T10:00:00Z', offline),
      ],
      [activity('f1', { at: '2026-11-20T10:00:00Z' }), activity('f2', { at: '2026-11-21T11:00:00Z' })],
      style,
    )
    expect(days).toHaveLength(14)
    expect(days.slice(-5).map((day) => day.name)).toEqual([
      'Wednesday: no backup',
      'Thursday: offline',
      'Friday: failed',
      'Yesterday: crash-consistent',
      'Today: frozen',
    ])
    expect(days.slice(-4).map((day) => day.result)).toEqual(['good', 'failed', 'crash-consistent', 'good'])
  })

  it('counts only failed backups as failed days', () => {
    const lines = [
      activity('a1', { level: 'problem', at: ago(0), problem: fullProblem }),
      activity('a2', { level: 'problem', at: ago(48), problem: { ...fullProblem, code: 'restore/rename-failed' } }),
    ]
    renderWindow(
      createFakeBridge({ items: { machines: [machine('debian-dev')], activity: lines, settings: [settings()] } }),
    )
    expect(screen.getAllByRole('img', { name: /: failed$/ })).toHaveLength(1)
  })
})

describe('the readiness of a machine', () => {
  const states: readonly (readonly [AgentState, string, boolean])[] = [
    [{ kind: 'ready', answeredAt: ago(0), version: '7.2', canFreeze: true }, 'Guest agent ready', false],
    [{ kind: 'silent', since: ago(1) }, 'Guest agent doesn’t answer', true],
    [{ kind: 'none', options: '' }, 'No guest agent', true],
    [{ kind: 'unreachable', text: 'The socket is missing.' }, 'Guest agent can’t be reached', true],
    [{ kind: 'unknown' }, 'Guest agent not asked yet', false],
  ]
  it.each(states)('with an agent that is $kind', async (agent, text, helps) => {
    const { user, state } = openMachine(sceneBridge({ machine: { agent } }))
    const row = await screen.findByTestId('readiness')
    expect(row.textContent).toContain(text)
    expect(row.textContent).toContain('2 disks, same instant')
    const button = screen.queryByTestId('set-up-agent')
    expect(button !== null).toBe(helps)
    if (button === null) return
    button.focus()
    await user.keyboard('{Enter}')
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'set-up-agent', machineId: machineId('debian-dev') })
    expect(await screen.findByTestId('sheet-set-up-agent')).toBeTruthy()
  })

  it('says that freezing is off when the settings say so', async () => {
    openMachine(
      sceneBridge({
        machine: { agent: { kind: 'ready', answeredAt: ago(0), version: null, canFreeze: true } },
        settings: { freeze: false },
      }),
    )
    expect((await screen.findByTestId('readiness')).textContent).toContain('Freezing is off')
  })
})
