import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { demo, destination, job, machine, machineId, point, sampleItems, settings } from '../support/sample.ts'

const emptyItems = { demo: [demo()], settings: [settings()] }

describe('the overview', () => {
  it('answers “am I safe?” first', () => {
    renderWindow(createFakeBridge({ items: sampleItems }))
    expect(screen.getByTestId('overview-headline').textContent).toBe(
      '3 of 5 machines have a good restore point from the last 24 hours',
    )
    const rows = screen.getByRole('table', { name: 'Machines' })
    expect(within(rows).getAllByRole('row')).toHaveLength(6)
    expect(within(screen.getByTestId(`overview-machine-${machineId('k3s-node1')}`)).getByText('Never')).toBeTruthy()
    expect(screen.getByTestId('needs-you').textContent).toContain('Samsung T7')
    expect(screen.getByTestId('running-now').textContent).toContain('about 30 seconds left')
  })

  it('filters by name and sorts by a column', async () => {
    const { user } = renderWindow(createFakeBridge({ items: sampleItems }))
    await user.click(screen.getByRole('button', { name: /^Space/ }))
    await user.click(screen.getByRole('button', { name: /^Space/ }))
    const names = () =>
      within(screen.getByRole('table'))
        .getAllByRole('row')
        .slice(1)
        .map((row) => within(row).getByRole('button').textContent)
    expect(names().slice(0, 2)).toEqual(['debian-dev', 'ubuntu-ci'])
    await user.type(screen.getByTestId('search'), 'ubu')
    expect(names()).toEqual(['ubuntu-ci'])
    await user.type(screen.getByTestId('search'), 'x')
    expect(screen.getByText('No machine is called “ubux”.')).toBeTruthy()
  })

  it('opens a machine from its row', async () => {
    const { user } = renderWindow(createFakeBridge({ items: sampleItems }))
    await user.click(within(screen.getByRole('table')).getByRole('button', { name: 'ubuntu-ci' }))
    expect(screen.getByRole('heading', { level: 1, name: 'ubuntu-ci' })).toBeTruthy()
  })

  it('backs up all machines that run, each once', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('backup.start', () => ({ ok: true, value: { jobId: job('j5', 'debian-dev').id } }))
    const { user } = renderWindow(bridge)
    await user.click(screen.getByTestId('back-up-all'))
    await waitFor(() => expect(bridge.asked.filter((call) => call.name === 'backup.start')).toHaveLength(3))
  })
})

describe('a first start', () => {
  it('has one primary button, the option to copy and what was checked', async () => {
    const { user } = renderWindow(createFakeBridge({ items: emptyItems }))
    const page = screen.getByTestId('empty-first')
    expect(within(page).getByRole('button', { name: 'Try a Demo Machine' })).toBeTruthy()
    expect(page.textContent).toContain('-qmp unix:$HOME/.qmp/debian.sock,server=on,wait=off')
    await screen.findByText(/Checked 3 processes and the Lima, Colima and podman folders\./)
    await user.click(within(page).getByRole('button', { name: 'Details' }))
    expect(page.textContent).toContain('/home/ann/.colima')
  })

  it('ticks its three steps by itself', () => {
    const bridge = createFakeBridge({ items: emptyItems })
    renderWindow(bridge)
    const ticked = () =>
      screen.queryAllByTestId(/^step-/).map((row) => within(row).queryByRole('img', { name: 'Done' }) !== null)
    expect(ticked()).toEqual([false, false, false])
    act(() => bridge.push('machines', [machine('debian-dev', { lastGoodPoint: null })]))
    expect(ticked()).toEqual([true, false, false])
    act(() => bridge.push('destinations', [destination('Samsung T7', { sets: [], pointCount: 0 })]))
    expect(ticked()).toEqual([true, true, false])
    expect(screen.getByTestId('first-backup').getAttribute('aria-disabled')).toBeNull()
    act(() => bridge.push('points', [point('p1', 'debian-dev', 0)]))
    expect(screen.queryAllByTestId(/^step-/)).toEqual([])
  })

  it('puts the steps away for good when they are skipped', async () => {
    const bridge = createFakeBridge({ items: { ...emptyItems, machines: [machine('debian-dev')] } })
    const { user, state } = renderWindow(bridge)
    await user.click(screen.getByTestId('skip-steps'))
    expect(screen.queryAllByTestId(/^step-/)).toEqual([])
    expect(state.ui.store.getState().firstStepsSkipped).toBe(true)
  })

  it('starts the demo machine and shows the number it has counted to', async () => {
    const bridge = createFakeBridge({ items: emptyItems })
    bridge.answer('demo.start', () => ({ ok: true, value: demo({ state: { kind: 'starting' } }) }))
    const { user } = renderWindow(bridge)
    await user.click(screen.getByTestId('demo-start'))
    expect(bridge.asked.some((call) => call.name === 'demo.start')).toBe(true)
    act(() => bridge.push('demo', [demo({ state: { kind: 'starting' } })]))
    expect(screen.getByTestId('demo-panel').textContent).toContain('Starting…')
    act(() => {
      bridge.push('machines', [machine('Demo', { origin: 'demo', lastGoodPoint: null })])
      bridge.push('demo', [demo({ state: { kind: 'running' }, machineId: machineId('Demo'), counter: 1234 })])
    })
    expect(screen.getByTestId('demo-counter').textContent).toBe('The demo machine has counted to 1,234')
    act(() => bridge.push('demo', [demo({ state: { kind: 'off' }, machineId: machineId('Demo'), counter: 1200 })]))
    expect(screen.getByTestId('demo-counter').textContent).toBe('The demo machine has counted to 1,200')
    expect(screen.getByTestId('demo-start').textContent).toBe('Start')
  })

  it('without QEMU says how to install it and keeps the demo off for that reason', () => {
    const text = 'QEMU isn’t installed, so there is no demo machine.'
    const bridge = createFakeBridge({
      items: {
        ...emptyItems,
        demo: [demo({ state: { kind: 'unavailable', text, command: 'apt install qemu-system-x86' } })],
      },
    })
    renderWindow(bridge)
    expect(screen.getByTestId('demo-panel').textContent).toContain('apt install qemu-system-x86')
    const page = screen.getByTestId('empty-first')
    expect(within(page).getByTestId('demo-start').getAttribute('aria-disabled')).toBe('true')
  })

  it('removes the demo machine only after asking', async () => {
    const bridge = createFakeBridge({
      items: { ...emptyItems, demo: [demo({ state: { kind: 'off' }, counter: 5 })] },
    })
    bridge.answer('demo.remove', () => ({ ok: true, value: demo() }))
    const { user } = renderWindow(bridge)
    await user.click(screen.getByTestId('demo-remove'))
    const question = screen.getByRole('alertdialog', { name: 'Remove the demo machine?' })
    await user.click(within(question).getByRole('button', { name: 'Remove Demo Machine' }))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull())
    expect(bridge.asked.at(-1)?.name).toBe('demo.remove')
  })
})
