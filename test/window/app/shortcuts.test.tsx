import { describe, expect, it } from 'vitest'
import { commandFor, keysOf, type PressedKey, shortcuts } from '../../../renderer/src/app/shortcuts.ts'

function press(key: string, modifiers: string, code = ''): PressedKey {
  return {
    key,
    code,
    metaKey: modifiers.includes('M'),
    ctrlKey: modifiers.includes('C'),
    shiftKey: modifiers.includes('S'),
    altKey: modifiers.includes('A'),
  }
}

describe('keys', () => {
  it.each([
    ['b', 'M', 'KeyB', 'back-up-now'],
    ['∫', 'MA', 'KeyB', 'back-up-with-options'],
    ['P', 'MS', 'KeyP', 'pause-or-resume'],
    ['.', 'M', 'Period', 'cancel'],
    ['s', 'MC', 'KeyS', 'toggle-sidebar'],
    ['ˆ', 'MA', 'KeyI', 'toggle-inspector'],
    ['N', 'MS', 'KeyN', 'add-destination'],
    ['F6', '', 'F6', 'next-pane'],
    ['F6', 'S', 'F6', 'previous-pane'],
    ['3', 'M', 'Digit3', 'machine-3'],
    ['Backspace', 'M', 'Backspace', 'delete-point'],
  ])('on a Mac, %s with %s is a command', (key, modifiers, code, command) => {
    expect(commandFor(press(key, modifiers, code), 'darwin', false)).toBe(command)
  })

  it.each([
    ['b', 'C', 'KeyB', 'back-up-now'],
    ['b', 'CA', 'KeyB', 'back-up-with-options'],
    ['s', 'CA', 'KeyS', 'toggle-sidebar'],
    ['0', 'C', 'Digit0', 'overview'],
    ['V', 'CS', 'KeyV', 'verify'],
  ])('on Linux, %s with %s is a command', (key, modifiers, code, command) => {
    expect(commandFor(press(key, modifiers, code), 'linux', false)).toBe(command)
  })

  it('leaves plain typing, pasting and other modifiers alone', () => {
    expect(commandFor(press('b', '', 'KeyB'), 'linux', false)).toBeNull()
    expect(commandFor(press('v', 'C', 'KeyV'), 'linux', true)).toBeNull()
    expect(commandFor(press('b', 'C', 'KeyB'), 'darwin', false)).toBeNull()
  })

  it('leaves editing keys to text fields', () => {
    expect(commandFor(press('Backspace', 'C', 'Backspace'), 'linux', true)).toBeNull()
    expect(commandFor(press('f', 'C', 'KeyF'), 'linux', true)).toBe('search')
  })

  it('follows the letter, not the place, on other layouts', () => {
    expect(commandFor(press('b', 'C', 'KeyN'), 'linux', false)).toBe('back-up-now')
  })

  it('gives no two commands the same keys', () => {
    for (const platform of ['darwin', 'linux'] as const) {
      const keys = shortcuts.map((shortcut) => keysOf(shortcut.command, platform))
      expect(new Set(keys).size).toBe(keys.length)
    }
  })

  it('is written as the system writes it', () => {
    expect(keysOf('pause-or-resume', 'darwin')).toBe('⇧⌘P')
    expect(keysOf('toggle-sidebar', 'darwin')).toBe('⌃⌘S')
    expect(keysOf('pause-or-resume', 'linux')).toBe('Ctrl+Shift+P')
  })
})
