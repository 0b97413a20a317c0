// Every key of ux.md 5 that exists today, in one table. `mod` is Cmd on macOS and Ctrl elsewhere.
import type { MenuCommand } from '../../../shared/ipc/channels.ts'

export interface Shortcut {
  readonly command: MenuCommand
  /** `KeyboardEvent.key`, lower case; digits and letters without Shift's effect. */
  readonly key: string
  readonly mod?: boolean
  readonly shift?: boolean
  readonly alt?: boolean
  /** Control as a key of its own, on macOS only. */
  readonly control?: boolean
  /** Also while a text field has the focus. */
  readonly inFields?: boolean
}

const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

export const shortcuts: readonly Shortcut[] = [
  { command: 'back-up-now', key: 'b', mod: true, inFields: true },
  { command: 'back-up-with-options', key: 'b', mod: true, alt: true, inFields: true },
  { command: 'pause-or-resume', key: 'p', mod: true, shift: true, inFields: true },
  { command: 'cancel', key: '.', mod: true, inFields: true },
  { command: 'restore', key: 'r', mod: true, inFields: true },
  { command: 'verify', key: 'v', mod: true, shift: true },
  { command: 'delete-point', key: 'backspace', mod: true },
  { command: 'add-machine', key: 'n', mod: true, inFields: true },
  { command: 'add-destination', key: 'n', mod: true, shift: true, inFields: true },
  { command: 'overview', key: '0', mod: true, inFields: true },
  { command: 'activity', key: 'l', mod: true, inFields: true },
  { command: 'settings', key: ',', mod: true, inFields: true },
  { command: 'toggle-sidebar', key: 's', mod: true, control: true, inFields: true },
  { command: 'toggle-inspector', key: 'i', mod: true, alt: true, inFields: true },
  { command: 'search', key: 'f', mod: true, inFields: true },
  { command: 'next-pane', key: 'f6', inFields: true },
  { command: 'previous-pane', key: 'f6', shift: true, inFields: true },
  ...digits.map((digit): Shortcut => ({ command: `machine-${digit}`, key: String(digit), mod: true, inFields: true })),
]

export interface PressedKey {
  readonly key: string
  /** `KeyboardEvent.code`: Option changes `key` on macOS, never `code`. */
  readonly code: string
  readonly metaKey: boolean
  readonly ctrlKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
}

/** The command of a key press; null when there is none. */
export function commandFor(pressed: PressedKey, platform: 'darwin' | 'linux', inField: boolean): MenuCommand | null {
  const mac = platform === 'darwin'
  const found = shortcuts.find((shortcut) => {
    if (inField && !shortcut.inFields) return false
    const mod = mac ? pressed.metaKey : pressed.ctrlKey
    const extra = mac ? pressed.ctrlKey : false
    // Elsewhere Ctrl is the modifier already, so Control+Cmd+S becomes Ctrl+Alt+S.
    const wantedAlt = (shortcut.alt ?? false) || (!mac && (shortcut.control ?? false))
    return (
      mod === (shortcut.mod ?? false) &&
      extra === (mac && (shortcut.control ?? false)) &&
      pressed.shiftKey === (shortcut.shift ?? false) &&
      pressed.altKey === wantedAlt &&
      keyOf(pressed) === shortcut.key
    )
  })
  return found?.command ?? null
}

function keyOf(pressed: PressedKey): string {
  const letter = /^Key([A-Z])$/.exec(pressed.code)?.[1] ?? /^Digit([0-9])$/.exec(pressed.code)?.[1]
  const key = pressed.key.toLowerCase()
  if (letter === undefined || (/^[a-z0-9]$/.test(key) && !pressed.shiftKey)) return key
  return pressed.altKey || pressed.shiftKey ? letter.toLowerCase() : key
}

/** How a menu shows a command's keys, e.g. "⇧⌘P" or "Ctrl+Shift+P"; undefined when it has none. */
export function keysOf(command: MenuCommand, platform: 'darwin' | 'linux'): string | undefined {
  const shortcut = shortcuts.find((one) => one.command === command)
  if (shortcut === undefined) return undefined
  const key = shortcut.key === 'backspace' ? '⌫' : shortcut.key.toUpperCase()
  const { mod, shift, alt, control } = shortcut
  if (platform === 'darwin') {
    return `${control ? '⌃' : ''}${alt ? '⌥' : ''}${shift ? '⇧' : ''}${mod ? '⌘' : ''}${key}`
  }
  const named = shortcut.key === 'backspace' ? 'Backspace' : key
  return [mod ? 'Ctrl' : null, alt || control ? 'Alt' : null, shift ? 'Shift' : null, named]
    .filter((part) => part !== null)
    .join('+')
}
