import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { reportOf } from '../../../renderer/src/features/activity/report.ts'
import { checkedWords } from '../../../renderer/src/features/first-launch/checked-words.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import {
  activity,
  ago,
  destination,
  destinationId,
  fullProblem,
  job,
  sampleItems,
  settings,
} from '../support/sample.ts'

describe('a destination’s page', () => {
  const view = { kind: 'destination', destinationId: destinationId('Samsung T7') } as const

  it('says whether it is there, how full it is and whose backups it holds', () => {
    const { state } = renderWindow(createFakeBridge({ items: sampleItems }))
    act(() => state.ui.show(view))
    expect(screen.getByTestId('destination-free').textContent).toBe('412\u00a0GB free of 1.00\u00a0TB')
    expect(screen.getByRole('main').textContent).toContain('Connected · ext4 · /media/ann/Samsung T7/Floe')
    expect(screen.getAllByTestId(/^set-/)).toHaveLength(2)
  })

  it('says how many backups wait for it', async () => {
    const problem = { ...fullProblem, code: 'destination/missing' } as const
    const state = { kind: 'waiting', for: 'destination', problem } as const
    const away = destination('Samsung T7', { state: { kind: 'absent', lastSeenAt: null } })
    const bridge = createFakeBridge({
      items: { ...sampleItems, destinations: [away], jobs: [job('w1', 'a', { state })] },
    })
    const { state: window } = renderWindow(bridge)
    act(() => window.ui.show(view))
    expect((await screen.findByRole('main')).textContent).toContain('Not connected · 1 backup is waiting')
    act(() => bridge.push('jobs', [job('w2', 'b', { state }), job('r1', 'c')]))
    expect(screen.getByRole('main').textContent).toContain('2 backups are waiting')
  })

  it.each([
    [{ kind: 'absent', lastSeenAt: ago(90) }, 'Not connected, last seen', 'Connect it'],
    [{ kind: 'full' }, 'Full', 'Delete restore points you no longer need'],
    [{ kind: 'other-disk' }, 'Another disk is at this place', 'does not write to it'],
    [{ kind: 'read-only', reason: 'The disk is mounted read-only' }, 'Read-only', 'mounted read-only.'],
    [{ kind: 'no-permission' }, 'No permission', 'does not let Floe write there'],
  ] as const)('words its state %j with what to do', (kind, subtitle, advice) => {
    const bridge = createFakeBridge({ items: sampleItems })
    const { state } = renderWindow(bridge)
    act(() => {
      bridge.push('destinations', [destination('Samsung T7', { state: kind })])
      state.ui.show(view)
    })
    expect(screen.getByRole('main').textContent).toContain(subtitle)
    expect(screen.getByTestId(`banner-destination-${kind.kind}`).textContent).toContain(advice)
  })

  it('is forgotten only after saying that the files stay', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('destinations.remove', () => ({ ok: true, value: {} }))
    const { state, user } = renderWindow(bridge)
    act(() => state.ui.show(view))
    await user.click(screen.getByTestId('forget-destination'))
    const question = screen.getByRole('alertdialog')
    expect(question.textContent).toContain('all files stay in /media/ann/Samsung T7/Floe')
    await user.click(within(question).getByRole('button', { name: 'Forget Samsung T7' }))
    await waitFor(() => expect(bridge.asked.at(-1)?.name).toBe('destinations.remove'))
  })
})

describe('the activity list', () => {
  const shown = () => screen.getAllByTestId(/^act-/).map((row) => row.dataset.testid)

  it('lists what happened, newest first, and filters to problems', async () => {
    const { state, user } = renderWindow(createFakeBridge({ items: sampleItems }))
    act(() => state.ui.show({ kind: 'activity' }))
    expect(shown()).toEqual(['act-a1', 'act-a2', 'act-a3', 'act-a4'])
    await user.click(screen.getByRole('radio', { name: 'Problems 1' }))
    expect(shown()).toEqual(['act-a1'])
    await user.type(screen.getByTestId('search'), 'nothing')
    expect(screen.getByTestId('empty-activity-filtered')).toBeTruthy()
  })

  it('opens a row to its causes and timeline by keyboard', async () => {
    const { state, user } = renderWindow(createFakeBridge({ items: sampleItems }))
    act(() => state.ui.show({ kind: 'activity' }))
    const row = screen.getByTestId('act-a1')
    const [opener] = within(row).getAllByRole('button')
    act(() => opener?.focus())
    await user.keyboard('{Enter}')
    expect(opener?.getAttribute('aria-expanded')).toBe('true')
    expect(row.textContent).toContain('No space left on device')
    expect(within(row).getByRole('button', { name: 'Copy Report' })).toBeTruthy()
  })

  it('dismisses a problem through the host, which takes it off the badge', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('activity.dismiss', () => ({ ok: true, value: {} }))
    const { state, user } = renderWindow(bridge)
    act(() => state.ui.show({ kind: 'activity' }))
    await user.click(screen.getByRole('button', { name: /^Dismiss/ }))
    expect(bridge.asked.at(-1)).toEqual({ name: 'activity.dismiss', input: { activityId: 'a1' } })
    act(() => bridge.push('activity', [activity('a1', { level: 'problem', problem: fullProblem, dismissed: true })]))
    expect(screen.getByTestId('side-activity').getAttribute('aria-label')).toBe('Activity')
    expect(screen.getByText('Dismissed')).toBeTruthy()
  })

  it('makes a report that hides paths when asked', () => {
    const line = activity('a1', { level: 'problem', problem: fullProblem, text: 'Could not open /home/ann/x.qcow2' })
    expect(reportOf(line, false)).toContain('/media/ann/Samsung T7/Floe/a.qcow2')
    const hidden = reportOf(line, true)
    expect(hidden).not.toContain('/home/ann')
    expect(hidden).not.toContain('a.qcow2')
    expect(hidden).toContain('No space left on device')
  })
})

describe('settings', () => {
  it('apply at once, through the host', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('settings.set', () => ({ ok: true, value: settings().settings }))
    const { state, user } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'settings' }))
    await user.click(screen.getByRole('radio', { name: 'Dark' }))
    expect(bridge.asked.at(-1)).toEqual({ name: 'settings.set', input: { theme: 'dark' } })
    expect(document.documentElement.dataset.theme).toBeUndefined()
    await user.click(screen.getByRole('radio', { name: 'GiB' }))
    expect(bridge.asked.at(-1)).toEqual({ name: 'settings.set', input: { units: 'binary' } })
    await user.click(screen.getByTestId('settings-limit'))
    await user.click(await screen.findByRole('option', { name: /^50\.0/ }))
    expect(bridge.asked.at(-1)).toEqual({ name: 'settings.set', input: { defaultLimit: 50_000_000 } })
  })
})

describe('what discovery checked', () => {
  it('is named by launcher where every folder has one, and counted otherwise', () => {
    const words = (foldersChecked: string[]) => checkedWords({ processesChecked: 1, foldersChecked, found: 0 })
    expect(words([])).toBe('Checked 1 process.')
    expect(words(['/home/a/.lima'])).toBe('Checked 1 process and the Lima folder.')
    expect(words(['/home/a/.lima', '/home/a/vms'])).toBe('Checked 1 process and 2 folders.')
  })
})
