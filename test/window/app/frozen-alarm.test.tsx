import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { ago, destination, fullProblem, machine, machineId, settings } from '../support/sample.ts'
import '../support/setup.ts'

const since = ago(12 / 3600)

function open(mayBeFrozenSince: string | null = since) {
  const bridge = createFakeBridge({
    items: {
      machines: [machine('debian-dev', { mayBeFrozenSince }), machine('ubuntu-ci')],
      destinations: [destination('Samsung T7')],
      settings: [settings()],
    },
  })
  bridge.answer('machines.thaw', () => ({ ok: true, value: {} }))
  return { ...renderWindow(bridge), bridge }
}

const thaws = (bridge: ReturnType<typeof open>['bridge']) =>
  bridge.asked.filter((call) => call.name === 'machines.thaw').map((call) => call.input)
const alert = () => screen.queryByRole('alertdialog', { name: 'debian-dev may still be frozen' })

describe('a guest that may still be frozen', () => {
  it('is told in front of the window once each time it happens, and thaws from there', async () => {
    const { user, bridge } = open()
    await user.click(within(alert() as HTMLElement).getByRole('button', { name: 'Thaw Now' }))
    expect(thaws(bridge)).toEqual([{ machineId: machineId('debian-dev') }])
    await waitFor(() => expect(alert()).toBeNull())
    act(() => bridge.push('machines', [machine('debian-dev', { mayBeFrozenSince: since })]))
    expect(alert()).toBeNull()
    act(() => bridge.push('machines', [machine('debian-dev', { mayBeFrozenSince: null })]))
    act(() => bridge.push('machines', [machine('debian-dev', { mayBeFrozenSince: ago(0) })]))
    expect(alert()).not.toBeNull()
  })

  it('stays at the top of every page, with the time since, and in the sidebar', async () => {
    const { user, state } = open()
    await user.keyboard('{Escape}')
    expect(alert()).toBeNull()
    for (const view of [
      { kind: 'overview' },
      { kind: 'activity' },
      { kind: 'machine', machineId: machineId('ubuntu-ci') },
      { kind: 'destination', destinationId: destination('Samsung T7').id },
    ] as const) {
      act(() => state.ui.show(view))
      const banner = screen.getByTestId('banner-may-be-frozen')
      expect(banner.getAttribute('role')).toBe('alert')
      expect(banner.textContent).toMatch(
        /The guest hasn’t confirmed the thaw for 1\d seconds\. Programs in it can hang until then\. Floe keeps trying\./,
      )
      expect(within(banner).getByRole('timer').textContent).toMatch(/^1\d seconds$/)
    }
    const row = screen.getByTestId(`side-machine-${machineId('debian-dev')}`)
    expect(row.getAttribute('aria-label')).toBe('debian-dev, may still be frozen')
  })

  it('thaws and shows the log from the banner, by keyboard alone', async () => {
    const { user, bridge, state } = open()
    await user.keyboard('{Escape}')
    const banner = within(screen.getByTestId('banner-may-be-frozen'))
    banner.getByRole('button', { name: 'Thaw Now' }).focus()
    await user.keyboard('{Enter}')
    await waitFor(() => expect(thaws(bridge)).toHaveLength(1))
    banner.getByRole('button', { name: 'Show Log' }).focus()
    await user.keyboard('{Enter}')
    expect(state.ui.store.getState().view).toEqual({ kind: 'activity' })
  })

  it('says why when it could not be thawed just now, without a second banner', async () => {
    const { user, bridge } = open()
    bridge.answer('machines.thaw', () => ({
      ok: false,
      problem: { ...fullProblem, code: 'agent/no-answer', message: 'The guest agent did not answer.' },
    }))
    await user.click(within(alert() as HTMLElement).getByRole('button', { name: 'Thaw Now' }))
    await waitFor(() => expect(alert()?.textContent).toContain('The guest agent did not answer.'))
    await user.keyboard('{Escape}')
    await user.click(within(screen.getByTestId('banner-may-be-frozen')).getByRole('button', { name: 'Thaw Now' }))
    await waitFor(() =>
      expect(screen.getByTestId('banner-may-be-frozen').textContent).toContain(
        'failed: The guest agent did not answer.',
      ),
    )
    expect(screen.queryByTestId('banner-agent/no-answer')).toBeNull()
  })

  it('is told in front of an open sheet, which stays open', async () => {
    const { user, bridge, state } = open(null)
    act(() => state.ui.openSheet({ kind: 'settings' }))
    await screen.findByTestId('sheet-settings')
    act(() => bridge.push('machines', [machine('debian-dev', { mayBeFrozenSince: since })]))
    await waitFor(() => expect((alert() as HTMLElement).contains(document.activeElement)).toBe(true))
    await user.keyboard('{Escape}')
    expect(alert()).toBeNull()
    expect(screen.getByTestId('sheet-settings')).toBeTruthy()
  })

  it('is over as soon as the guest confirms its thaw, alert and all', () => {
    const { bridge } = open()
    expect(alert()).not.toBeNull()
    act(() => bridge.push('machines', [machine('debian-dev', { mayBeFrozenSince: null })]))
    expect(alert()).toBeNull()
    expect(screen.queryByTestId('banner-may-be-frozen')).toBeNull()
  })
})
