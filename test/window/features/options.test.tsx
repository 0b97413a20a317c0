import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { ago, disk, diskId, machine } from '../support/sample.ts'
import '../support/setup.ts'
import { id, none, off, openOptions, preview, problem, ready, t7 } from './options-support.ts'
import { inputsOf } from './support.ts'

describe('the options sheet', () => {
  it('shows kind, size, way, scratch room and reasons before the click', async () => {
    const { sheet } = await openOptions(preview())
    for (const words of [
      'Full, about 46.4\u00a0GB',
      'Every backup is a full one.',
      'Through a scratch image',
      'The guest’s old data is set aside.',
      'It may need about 256\u00a0MB in ~/.floe/scratch; 40.0\u00a0GB free.',
      'The guest agent answered 2 minutes ago',
      'Read-only, not needed',
    ]) {
      expect(sheet.textContent).toContain(words)
    }
  })

  it('says what a disk left out means, and starts with what was chosen', async () => {
    const { user, bridge, sheet } = await openOptions(preview())
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    expect(screen.getByText('vdb will not be in this restore point.')).toBeTruthy()
    await user.click(screen.getByRole('checkbox', { name: /^Freeze file systems/ }))
    expect(screen.getByTestId('require-freeze').querySelector('input')?.disabled).toBe(true)
    await user.click(screen.getByTestId('more-options'))
    await user.click(screen.getByRole('checkbox', { name: /^Check the copy/ }))
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(sheet.textContent).toContain("floe backup debian-dev --to 'Samsung T7' --disk vda --no-check --no-freeze")
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      {
        machineId: id,
        destinationId: t7.id,
        diskIds: ['vda'],
        kind: 'automatic',
        limit: null,
        check: false,
        prove: false,
        freeze: false,
        requireFreeze: false,
        whenPossible: false,
      },
    ])
    await waitFor(() => expect(screen.queryByTestId('sheet-back-up-options')).toBeNull())
  })

  it('asks anew what would be done when a choice changes', async () => {
    const { user, bridge } = await openOptions(preview())
    await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
    expect(inputsOf(bridge, 'backup.preview').at(-1)).toEqual({
      machineId: id,
      destinationId: t7.id,
      diskIds: null,
      kind: 'automatic',
      freeze: true,
      requireFreeze: true,
    })
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByText(/--require-freeze$/)).toBeTruthy()
  })

  it('can be used by keyboard alone, from the first field on', async () => {
    const { user, bridge } = await openOptions(preview())
    screen.getByRole('button', { name: /Destination/ }).focus()
    await user.tab()
    expect(document.activeElement?.closest('[data-testid="disk-vda"]')).not.toBeNull()
    await user.keyboard(' ')
    await user.tab()
    await user.tab()
    await user.keyboard(' ')
    screen.getByTestId('back-up').focus()
    await user.keyboard('{Enter}')
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ diskIds: ['vdb'], freeze: false }])
  })

  it('opens with a disk left out where a problem led here', async () => {
    await openOptions(preview(), { leaveOut: diskId('vdb') })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vda/ }).checked).toBe(true)
  })

  it('refuses to start without enough space, with both numbers', async () => {
    const { user, bridge } = await openOptions(preview({ enoughSpace: false, freeBytes: 12_000_000 }))
    expect(screen.getByText('This backup needs about 46.4 GB; 12.0 MB is free.')).toBeTruthy()
    expect(off(screen.getByTestId('back-up'))).toBe(true)
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([])
  })

  it('stays open with the reason when the start is refused', async () => {
    const { user, bridge } = await openOptions(preview())
    bridge.answer('backup.start', () => ({ ok: false, problem: problem('backup/running-already') }))
    await user.click(screen.getByTestId('back-up'))
    expect((await screen.findByTestId('banner-backup/running-already')).textContent).toContain('This is in the way.')
  })
})

describe('freezing in the options sheet', () => {
  it('is off with its reason where there is no channel, and the set-up is one click away and back', async () => {
    const { user, bridge, sheet } = await openOptions(preview({ freeze: { wanted: false, reason: 'No channel.' } }), {
      machine: { agent: none },
    })
    const freeze = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze file systems/ })
    expect([freeze.checked, freeze.disabled]).toEqual([false, true])
    expect(sheet.textContent).toContain('this machine has no channel to a guest agent')
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    await user.click(screen.getByTestId('options-set-up'))
    const setUp = await screen.findByTestId('sheet-set-up-agent')
    await user.click(within(setUp).getByRole('button', { name: 'Back' }))
    await screen.findByTestId('sheet-back-up-options')
    expect(document.activeElement?.textContent).toBe('Set Up Agent…')
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    await user.click(screen.getByTestId('back-up'))
    // Not "switched off": the restore point tells the true reason.
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ freeze: true, requireFreeze: false, diskIds: ['vda'] }])
  })

  it('becomes possible when the agent answers, without a click', async () => {
    const { bridge } = await openOptions(preview(), { machine: { agent: none } })
    act(() => bridge.push('machines', [machine('debian-dev', { agent: ready, disks: [disk('vda')] })]))
    const freeze = screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze file systems/ })
    expect([freeze.checked, freeze.disabled]).toEqual([true, false])
  })

  it('is tried with an agent that is silent, and says so', async () => {
    const { sheet } = await openOptions(preview(), { machine: { agent: { kind: 'silent', since: ago(0.1) } } })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze file systems/ }).disabled).toBe(false)
    expect(sheet.textContent).toContain('hasn’t answered for 6 minutes. Floe tries, and goes on without freezing')
    expect(screen.getByTestId('options-set-up')).toBeTruthy()
  })

  it('that is required and not possible keeps the backup from starting until it is turned off', async () => {
    const { user, become } = await openOptions(problem('backup/freeze-required'), {
      machine: { agent: none },
      settings: { requireFreeze: true },
    })
    expect(screen.getByText(/“Require freeze” is on, and debian-dev can’t be frozen/)).toBeTruthy()
    expect(off(screen.getByTestId('back-up'))).toBe(true)
    become(preview())
    await user.click(screen.getByRole('checkbox', { name: /^Require freeze/ }))
    await waitFor(() => expect(off(screen.getByTestId('back-up'))).toBe(false))
  })

  it('is not needed for a machine that is off', async () => {
    const { sheet } = await openOptions(preview({ way: 'offline', scratch: null }), {
      machine: { state: { kind: 'off', since: null }, agent: { kind: 'unknown' } },
    })
    expect(sheet.textContent).toContain('Not needed: the machine is off')
    expect(screen.queryByTestId('require-freeze')).toBeNull()
    expect(screen.queryByTestId('option-scratch')).toBeNull()
  })
})
