import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Settings } from '../../../shared/domain/settings.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { sampleItems, settings } from '../support/sample.ts'
import { inputsOf } from './support.ts'

/** A host that keeps what is set, as the real one does. */
function open(given: Partial<Settings> = {}, host: 'web' | 'desktop' = 'web') {
  const bridge = createFakeBridge({ host, items: { ...sampleItems, settings: [settings(given)] } })
  let current = settings(given).settings
  bridge.answer('settings.set', (change) => {
    current = { ...current, ...(change as Partial<Settings>) }
    act(() => bridge.push('settings', [{ id: 'settings', settings: current }]))
    return { ok: true, value: current }
  })
  const rendered = renderWindow(bridge)
  act(() => rendered.state.ui.openSheet({ kind: 'settings' }))
  return { ...rendered, bridge, changes: () => inputsOf(bridge, 'settings.set') }
}

describe('the settings of freezing', () => {
  it('apply at once', async () => {
    const { user, changes } = open()
    const freeze = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze file systems/ })
    expect(freeze.checked).toBe(true)
    await user.click(freeze)
    expect(freeze.checked).toBe(false)
    await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
    await user.click(screen.getByTestId('settings-freeze-limit'))
    await user.click(await screen.findByRole('option', { name: '60 seconds' }))
    await user.click(screen.getByTestId('settings-freeze-hold'))
    await user.click(await screen.findByRole('option', { name: '1 second' }))
    expect(changes()).toEqual([
      { freeze: false },
      { requireFreeze: true },
      { freezeLimitSeconds: 60 },
      { freezeHoldSeconds: 1 },
    ])
  })

  it('show a limit that is none of the usual ones', () => {
    open({ freezeLimitSeconds: 7 })
    expect(screen.getByTestId('settings-freeze-limit').textContent).toContain('7 seconds')
  })
})

describe('the settings of the guest’s comfort', () => {
  it('apply at once', async () => {
    const { user, changes } = open()
    await user.click(screen.getByRole('checkbox', { name: /^Slow the copy down/ }))
    await user.click(screen.getByTestId('settings-scratch-limit'))
    await user.click(await screen.findByRole('option', { name: /^10\.0/ }))
    expect(changes()).toEqual([{ guestFirst: false }, { scratchLimit: 10e9 }])
  })

  it('take a scratch folder that is typed, when the field is left or Return is pressed', async () => {
    const { user, changes } = open()
    const field = screen.getByTestId<HTMLInputElement>('scratch-folder')
    fireEvent.change(field, { target: { value: '/mnt/fast ssd' } })
    field.focus()
    await user.tab()
    expect(changes()).toEqual([{ scratchFolder: '/mnt/fast ssd' }])
    expect(field.value).toBe('/mnt/fast ssd')
    await user.clear(field)
    await user.type(field, '/srv/x{Enter}')
    expect(changes().at(-1)).toEqual({ scratchFolder: '/srv/x' })
  })

  it('take no folder that is no whole path', async () => {
    const { user, changes } = open()
    await user.type(screen.getByTestId('scratch-folder'), 'scratch{Enter}')
    expect(screen.getByText('Enter the whole path, from /')).toBeTruthy()
    expect(changes()).toEqual([])
  })

  it('go back to Floe’s own folder', async () => {
    const { user, changes } = open({ scratchFolder: '/mnt/fast' })
    await user.click(screen.getByTestId('scratch-reset'))
    expect(changes()).toEqual([{ scratchFolder: null }])
    expect(screen.getByTestId('scratch-reset').getAttribute('aria-disabled')).toBe('true')
  })

  it('let the folder be chosen where the host can', async () => {
    const { user, bridge, changes } = open({}, 'desktop')
    bridge.answer('host.chooseFolder', () => ({ ok: true, value: { path: '/mnt/chosen' } }))
    await user.click(await screen.findByRole('button', { name: 'Choose…' }))
    await waitFor(() => expect(changes()).toEqual([{ scratchFolder: '/mnt/chosen' }]))
  })
})

it('a setting that the host refuses is told in the sheet, and stays as it was', async () => {
  const { user, bridge } = open()
  bridge.answer('settings.set', () => ({
    ok: false,
    problem: {
      code: 'system/home-unwritable',
      message: 'The settings could not be written.',
      params: {},
      severity: 'error',
      remedy: null,
      causes: [],
    },
  }))
  await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
  expect(await screen.findByTestId('banner-system/home-unwritable')).toBeTruthy()
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^Require freeze/ }).checked).toBe(false)
})
