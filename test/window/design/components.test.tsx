import { act, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { type ReactElement, useState } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Alert } from '../../../renderer/src/design/alert.tsx'
import { Button } from '../../../renderer/src/design/button.tsx'
import { CodeBlock } from '../../../renderer/src/design/code-block.tsx'
import { LiveRegion } from '../../../renderer/src/design/live-region.tsx'
import { ProgressBar } from '../../../renderer/src/design/progress-bar.tsx'
import { SegmentedControl } from '../../../renderer/src/design/segmented-control.tsx'
import { Sheet } from '../../../renderer/src/design/sheet.tsx'
import { SplitButton } from '../../../renderer/src/design/split-button.tsx'
import '../support/setup.ts'

describe('a button', () => {
  it('that is disabled for a reason is reachable, says why and does nothing', async () => {
    const user = userEvent.setup()
    const pressed = vi.fn()
    render(
      <Button onPress={pressed} disabledReason="Connect Samsung T7 to restore">
        Restore…
      </Button>,
    )
    await user.tab()
    const button = screen.getByRole('button', { name: 'Restore…' })
    expect(document.activeElement).toBe(button)
    expect(button.getAttribute('aria-disabled')).toBe('true')
    expect((await screen.findByRole('tooltip')).textContent).toBe('Connect Samsung T7 to restore')
    await user.keyboard('{Enter}')
    await user.click(button)
    expect(pressed).not.toHaveBeenCalled()
  })

  it('tells that Option was held', async () => {
    const user = userEvent.setup()
    const pressed = vi.fn()
    render(<Button onPress={pressed}>Back Up Now</Button>)
    await user.keyboard('{Alt>}')
    await user.click(screen.getByRole('button'))
    expect(pressed.mock.calls[0]?.[0]).toEqual({ altKey: true })
  })
})

describe('a split button', () => {
  it('opens its menu by keyboard and carries out the choice', async () => {
    const user = userEvent.setup()
    const chosen = vi.fn()
    render(
      <SplitButton
        onPress={() => {}}
        menuLabel="More ways to back up"
        actions={[{ id: 'options', label: 'With Options…', onAction: chosen }]}
      >
        Back Up Now
      </SplitButton>,
    )
    await user.tab()
    await user.tab()
    await user.keyboard('{Enter}')
    const item = await screen.findByRole('menuitem', { name: 'With Options…' })
    await user.click(item)
    expect(chosen).toHaveBeenCalledOnce()
  })
})

function SheetBehindButton({ onConfirm = () => {} }: { readonly onConfirm?: () => void }): ReactElement {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onPress={() => setOpen(true)}>Open</Button>
      {open ? (
        <Alert
          name="test"
          title="Cancel the backup?"
          confirm="Cancel Backup"
          cancel="Keep Backing Up"
          destructive
          onConfirm={onConfirm}
          onClose={() => setOpen(false)}
        >
          4.03 GB is already copied.
        </Alert>
      ) : null}
    </>
  )
}

describe('a sheet', () => {
  it('keeps the focus inside, the safe button first, closes with Esc and gives the focus back', async () => {
    const user = userEvent.setup()
    const confirmed = vi.fn()
    render(<SheetBehindButton onConfirm={confirmed} />)
    await user.tab()
    await user.keyboard('{Enter}')
    expect(screen.getByRole('alertdialog', { name: 'Cancel the backup?' })).toBeTruthy()
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Keep Backing Up')
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Cancel Backup')
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Keep Backing Up')
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('alertdialog')).toBeNull()
    expect(confirmed).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(document.activeElement?.textContent).toBe('Open'))
  })

  it('that must not be closed half-way ignores Esc', async () => {
    const user = userEvent.setup()
    const closed = vi.fn()
    render(<Sheet name="busy" title="Restoring" closable={false} onClose={closed} footer={null} />)
    await user.keyboard('{Escape}')
    expect(closed).not.toHaveBeenCalled()
    expect(screen.getByTestId('sheet-busy')).toBeTruthy()
  })
})

describe('a progress bar', () => {
  it('says its value in words and never rounds up', () => {
    render(<ProgressBar label="Backup of debian-dev" fraction={0.9999} valueText="99 percent" />)
    const bar = screen.getByRole('progressbar', { name: 'Backup of debian-dev' })
    expect(bar.getAttribute('aria-valuetext')).toBe('99 percent')
    expect(bar.getAttribute('aria-valuenow')).toBe('99')
  })

  it('without an amount has no number', () => {
    render(<ProgressBar label="Backup" fraction={null} valueText="Preparing" />)
    expect(screen.getByRole('progressbar').hasAttribute('aria-valuenow')).toBe(false)
  })
})

describe('a segmented control', () => {
  it('is a radio group that arrow keys move in', async () => {
    const user = userEvent.setup()
    const changed = vi.fn()
    render(
      <SegmentedControl
        label="Which lines"
        value="all"
        onChange={changed}
        choices={[
          { value: 'all', label: 'All' },
          { value: 'problems', label: 'Problems' },
        ]}
      />,
    )
    expect(screen.getByRole('radiogroup', { name: 'Which lines' })).toBeTruthy()
    await user.tab()
    await user.keyboard('{ArrowRight}')
    expect(changed).toHaveBeenCalledWith('problems')
  })
})

describe('text to copy', () => {
  it('is copied whole, and the button says so', async () => {
    const user = userEvent.setup()
    const option = '-qmp unix:$HOME/.qmp/debian.sock,server=on,wait=off'
    render(<CodeBlock code={option} label="the -qmp option" />)
    await user.click(screen.getByRole('button', { name: 'Copy the -qmp option' }))
    expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy()
    expect(await navigator.clipboard.readText()).toBe(option)
  })
})

describe('the live region', () => {
  afterEach(() => vi.useRealTimers())

  it('speaks at once, then at most every 15 seconds, the newest sentence', () => {
    vi.useFakeTimers()
    const spoken = (): string => screen.getByTestId('live').textContent ?? ''
    const { rerender } = render(<LiveRegion text="started" />)
    act(() => vi.advanceTimersByTime(1))
    expect(spoken()).toBe('started')
    rerender(<LiveRegion text="25 percent" />)
    act(() => vi.advanceTimersByTime(5_000))
    rerender(<LiveRegion text="50 percent" />)
    act(() => vi.advanceTimersByTime(5_000))
    expect(spoken()).toBe('started')
    act(() => vi.advanceTimersByTime(5_001))
    expect(spoken()).toBe('50 percent')
  })
})
