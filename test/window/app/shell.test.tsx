import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { destinationId, fullProblem, job, machine, machineId, sampleItems, settings } from '../support/sample.ts'
import { setWindowWidth } from '../support/setup.ts'

const full = () => createFakeBridge({ items: sampleItems })
const rowOf = (name: string) => screen.getByTestId(`side-machine-${machineId(name)}`)

describe('the window', () => {
  it('has its landmarks, named', () => {
    const { state } = renderWindow(full())
    act(() => state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') }))
    expect(screen.getByRole('navigation', { name: 'Sidebar' })).toBeTruthy()
    expect(screen.getByRole('main')).toBeTruthy()
    expect(screen.getByRole('complementary', { name: 'Inspector' })).toBeTruthy()
  })

  it('shows of each machine what matters about it, in words', () => {
    renderWindow(full())
    expect(rowOf('debian-dev').getAttribute('aria-label')).toBe('debian-dev, 42 percent')
    expect(rowOf('fedora-42').getAttribute('aria-label')).toBe('fedora-42, off')
    expect(rowOf('k3s-node1').getAttribute('aria-label')).toBe('k3s-node1, never backed up')
    expect(rowOf('win11-arm').getAttribute('aria-label')).toBe('win11-arm, busy with another program')
    expect(rowOf('ubuntu-ci').getAttribute('aria-label')).toBe('ubuntu-ci, needs attention')
    expect(screen.getByTestId('side-activity').getAttribute('aria-label')).toBe('Activity, 1 problem')
    expect(screen.getByTestId(`side-destination-${destinationId('NAS Backups')}`).textContent).toContain('Offline')
  })

  it('folds away what is not QEMU', async () => {
    const { user } = renderWindow(full())
    expect(screen.queryByTestId(`side-machine-${machineId('default')}`)).toBeNull()
    await user.click(screen.getByTestId('side-others'))
    expect(rowOf('default').textContent).toContain('Not QEMU')
  })

  it('walks through the sidebar by arrow keys with one tab stop', async () => {
    const { user, state } = renderWindow(full())
    const tree = screen.getByRole('tree')
    expect(
      within(tree)
        .getAllByRole('treeitem')
        .filter((row) => row.tabIndex === 0),
    ).toHaveLength(1)
    act(() => screen.getByTestId('side-overview').focus())
    await user.keyboard('{ArrowDown}{ArrowDown}')
    expect(document.activeElement).toBe(rowOf('debian-dev'))
    expect(state.ui.store.getState().view).toEqual({ kind: 'machine', machineId: machineId('debian-dev') })
    await user.keyboard('u')
    expect(document.activeElement).toBe(rowOf('ubuntu-ci'))
    await user.keyboard('{Home}')
    expect(state.ui.store.getState().view).toEqual({ kind: 'overview' })
  })

  it('follows its keys, and not while a sheet is open', async () => {
    const { user, state } = renderWindow(full())
    await user.keyboard('{Control>}2{/Control}')
    expect(state.ui.store.getState().view).toEqual({ kind: 'machine', machineId: machineId('fedora-42') })
    await user.keyboard('{Control>}l{/Control}')
    expect(screen.getByRole('heading', { level: 1, name: 'Activity' })).toBeTruthy()
    await user.keyboard('{Control>},{/Control}')
    expect(screen.getByTestId('sheet-settings')).toBeTruthy()
    await user.keyboard('{Control>}0{/Control}')
    expect(state.ui.store.getState().view).toEqual({ kind: 'activity' })
    await user.keyboard('{Escape}')
    expect(screen.queryByTestId('sheet-settings')).toBeNull()
  })

  it('moves between panes with F6 and back with Shift+F6', async () => {
    const { user, state } = renderWindow(full())
    act(() => state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') }))
    const paneOfFocus = () => document.activeElement?.closest('[data-pane]')?.getAttribute('data-pane')
    await user.keyboard('{F6}')
    expect(paneOfFocus()).toBe('sidebar')
    await user.keyboard('{F6}')
    expect(paneOfFocus()).toBe('main')
    await user.keyboard('{F6}')
    expect(paneOfFocus()).toBe('inspector')
    await user.keyboard('{Shift>}{F6}{/Shift}')
    expect(paneOfFocus()).toBe('main')
  })

  it('keeps the inspector out of the way in a narrow window until it is wanted', async () => {
    setWindowWidth(900)
    const { user, state } = renderWindow(full())
    act(() => state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') }))
    expect(screen.queryByRole('complementary')).toBeNull()
    await user.click(screen.getByTestId('toggle-inspector'))
    expect(screen.getByRole('complementary', { name: 'Inspector' })).toBeTruthy()
    act(() => setWindowWidth(1280))
    expect(screen.getByRole('complementary', { name: 'Inspector' })).toBeTruthy()
  })

  it('obeys the native menu', () => {
    const { bridge } = renderWindow(full())
    act(() => bridge.menu('toggle-sidebar'))
    expect(screen.queryByRole('navigation')).toBeNull()
    expect(screen.getByRole('button', { name: 'Show Sidebar' })).toBeTruthy()
    act(() => bridge.menu('add-destination'))
    expect(screen.getByTestId('sheet-add-destination')).toBeTruthy()
  })

  it('removes a machine from the list after asking, from the menu of its row', async () => {
    const bridge = full()
    bridge.answer('machines.remove', () => ({ ok: true, value: {} }))
    const { user } = renderWindow(bridge)
    fireEvent.contextMenu(rowOf('fedora-42'))
    await user.click(await screen.findByRole('menuitem', { name: 'Remove from List…' }))
    const question = await screen.findByRole('alertdialog', { name: 'Remove fedora-42 from the list?' })
    await user.click(within(question).getByRole('button', { name: 'Remove from List' }))
    expect(bridge.asked.at(-1)).toEqual({ name: 'machines.remove', input: { machineId: machineId('fedora-42') } })
  })

  it('does nothing behind an open sheet, not even from the native menu', () => {
    const { bridge, state } = renderWindow(full())
    act(() => state.ui.openSheet({ kind: 'settings' }))
    act(() => bridge.menu('activity'))
    expect(state.ui.store.getState().view).toEqual({ kind: 'overview' })
  })

  it('survives a page that cannot be drawn, and says so', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { bridge, user } = renderWindow(full())
    act(() => bridge.push('machines', [{ ...machine('debian-dev'), lastGoodPoint: undefined as never }]))
    log.mockRestore()
    expect(screen.getByTestId('empty-crash').textContent).toContain('they go on')
    act(() => bridge.push('machines', [machine('debian-dev')]))
    await user.click(screen.getByRole('button', { name: 'Show Overview' }))
    expect(screen.getByTestId('overview-headline')).toBeTruthy()
  })

  it('takes the theme from the settings, live', () => {
    const { bridge } = renderWindow(full())
    expect(document.documentElement.dataset.theme).toBeUndefined()
    act(() => bridge.push('settings', [settings({ theme: 'dark' })]))
    expect(document.documentElement.dataset.theme).toBe('dark')
  })

  it('says when the connection is lost, and stops saying it', () => {
    const { bridge } = renderWindow(full())
    act(() => bridge.setConnected(false))
    expect(screen.getByTestId('banner-connection-lost').textContent).toContain('isn’t connected')
    act(() => bridge.setConnected(true))
    expect(screen.queryByTestId('banner-connection-lost')).toBeNull()
  })

  it('shows a refused action with its words, details and Try Again', async () => {
    const { bridge, user } = renderWindow(full())
    bridge.answer('backup.start', () => ({ ok: false, problem: fullProblem }))
    await user.click(screen.getByTestId('back-up-all'))
    const banner = await screen.findByTestId(`banner-${fullProblem.code}`)
    expect(banner.getAttribute('role')).toBe('alert')
    await user.click(within(banner).getByRole('button', { name: 'Show Details' }))
    expect(banner.textContent).toContain('No space left on device')
    const before = bridge.asked.length
    bridge.answer('backup.start', () => ({ ok: true, value: { jobId: job('j9', 'debian-dev').id } }))
    await user.click(within(banner).getByRole('button', { name: 'Try Again' }))
    await waitFor(() => expect(screen.queryByTestId(`banner-${fullProblem.code}`)).toBeNull())
    expect(bridge.asked.length).toBe(before + 1)
  })

  it('leads from “which destination?” to the machine’s own choice', async () => {
    const { bridge, user, state } = renderWindow(full())
    const problem = { ...fullProblem, code: 'destination/none' } as const
    bridge.answer('backup.start', () => ({ ok: false, problem }))
    const input = { machineId: machineId('ubuntu-ci'), destinationId: null, diskIds: null, limit: null, check: true }
    await act(async () => void (await state.actions.run('backup.start', input)))
    await user.click(screen.getByRole('button', { name: 'Choose a Destination…' }))
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'back-up-options', machineId: machineId('ubuntu-ci') })
    expect(screen.queryByTestId('banner-destination/none')).toBeNull()
  })

  it('announces the end of a job', async () => {
    const { bridge } = renderWindow(full())
    act(() => bridge.push('jobs', [job('j1', 'debian-dev', { state: { kind: 'done' } })]))
    await waitFor(() => expect(screen.getByTestId('live').textContent).toContain('Backup of debian-dev: Backed up'))
  })
})
