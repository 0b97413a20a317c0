import { describe, expect, it } from 'vitest'
import { createUi } from '../../../renderer/src/state/ui.ts'
import { memory } from '../support/render.tsx'
import { machineId, pointId } from '../support/sample.ts'

describe('the window’s layout', () => {
  it('is remembered: page, panes and tab, but no open sheet', () => {
    const kept = memory()
    const before = createUi(kept)
    before.show({ kind: 'machine', machineId: machineId('one') })
    before.toggleSidebar()
    before.showInspectorTab('machine')
    before.openSheet({ kind: 'settings' })
    const after = createUi(kept).store.getState()
    expect(after.view).toEqual({ kind: 'machine', machineId: machineId('one') })
    expect(after.sidebarOpen).toBe(false)
    expect(after.inspectorTab).toBe('machine')
    expect(after.sheet).toBeNull()
  })

  it.each(['', '{', '7', '{"view":{"kind":"machine"}}', '{"view":3,"sidebarOpen":"no"}'])(
    'starts as usual when what was remembered is %j',
    (text) => {
      const state = createUi(memory({ 'floe.window': text })).store.getState()
      expect(state.view).toEqual({ kind: 'overview' })
      expect(state.sidebarOpen).toBe(true)
    },
  )

  it('works where nothing may be remembered', () => {
    const ui = createUi({
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError')
      },
    })
    ui.toggleSidebar()
    expect(ui.store.getState().sidebarOpen).toBe(false)
  })

  it('drops selection and search on another page only', () => {
    const ui = createUi(memory())
    ui.show({ kind: 'machine', machineId: machineId('one') })
    ui.selectPoints([pointId('p')])
    ui.setSearch('x')
    ui.show({ kind: 'machine', machineId: machineId('one') })
    expect(ui.store.getState().selectedPoints).toHaveLength(1)
    ui.show({ kind: 'activity' })
    expect(ui.store.getState().selectedPoints).toHaveLength(0)
    expect(ui.store.getState().search).toBe('')
  })
})
