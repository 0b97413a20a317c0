// The native menu bar with the keys of ux.md 5. Every item has an id: a `MenuCommand` where it is the window's to act.
// Items are always enabled: whether there is a machine to back up is known to the window, which answers the command.
import type { MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../../../shared/ipc/channels.ts'

export interface MenuFacts {
  readonly platform: 'darwin' | 'linux'
  /** Names in the order of the sidebar; the first nine get a key. */
  readonly machines: readonly string[]
  readonly developer: boolean
  readonly send: (command: MenuCommand) => void
  readonly showLog: () => void
}

type Item = MenuItemConstructorOptions

const separator: Item = { type: 'separator' }

export function menuTemplate(facts: MenuFacts): Item[] {
  const mac = facts.platform === 'darwin'
  const item = (id: MenuCommand, label: string, accelerator?: string): Item => ({
    id,
    label,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => facts.send(id),
  })
  const settings = item('settings', mac ? 'Settings…' : 'Settings', 'CmdOrCtrl+,')
  const quit: Item = { id: 'quit', role: 'quit', label: mac ? 'Quit Floe' : 'Quit', accelerator: 'CmdOrCtrl+Q' }

  const appMenu: Item = {
    id: 'app',
    label: 'Floe',
    submenu: [
      { id: 'about', role: 'about' },
      separator,
      settings,
      separator,
      { id: 'services', role: 'services' },
      separator,
      { id: 'hide', role: 'hide' },
      { id: 'hide-others', role: 'hideOthers' },
      { id: 'unhide', role: 'unhide' },
      separator,
      quit,
    ],
  }
  const file: Item = {
    id: 'file',
    label: 'File',
    submenu: [
      item('add-machine', 'Add Machine…', 'CmdOrCtrl+N'),
      item('add-destination', 'Add Destination…', 'Shift+CmdOrCtrl+N'),
      separator,
      { id: 'close-window', role: 'close', label: 'Close Window', accelerator: 'CmdOrCtrl+W' },
      ...(mac ? [] : [separator, settings, quit]),
    ],
  }
  const edit: Item = {
    id: 'edit',
    label: 'Edit',
    submenu: [
      { id: 'undo', role: 'undo' },
      { id: 'redo', role: 'redo' },
      separator,
      { id: 'cut', role: 'cut' },
      { id: 'copy', role: 'copy' },
      { id: 'paste', role: 'paste' },
      { id: 'select-all', role: 'selectAll' },
      separator,
      item('search', 'Find', 'CmdOrCtrl+F'),
    ],
  }
  const view: Item = {
    id: 'view',
    label: 'View',
    submenu: [
      item('overview', 'Overview', 'CmdOrCtrl+0'),
      item('activity', 'Activity', 'CmdOrCtrl+L'),
      ...machineItems(facts, item),
      separator,
      item('toggle-sidebar', 'Show or Hide Sidebar', mac ? 'Ctrl+Cmd+S' : 'Ctrl+Alt+S'),
      item('toggle-inspector', 'Show or Hide Inspector', 'Alt+CmdOrCtrl+I'),
      item('next-pane', 'Next Pane', 'F6'),
      item('previous-pane', 'Previous Pane', 'Shift+F6'),
      separator,
      { id: 'full-screen', role: 'togglefullscreen' },
      ...(facts.developer ? [{ id: 'developer-tools', role: 'toggleDevTools', accelerator: 'F12' } as const] : []),
    ],
  }
  const backup: Item = {
    id: 'backup',
    label: 'Backup',
    submenu: [
      item('back-up-now', 'Back Up Now', 'CmdOrCtrl+B'),
      item('back-up-with-options', 'Back Up With Options…', 'Alt+CmdOrCtrl+B'),
      separator,
      item('pause-or-resume', 'Pause or Resume', 'Shift+CmdOrCtrl+P'),
      item('cancel', 'Cancel…', 'CmdOrCtrl+.'),
      separator,
      item('retention', 'Retention…'),
    ],
  }
  const point: Item = {
    id: 'restore-point',
    label: 'Restore Point',
    submenu: [
      item('restore', 'Restore…', 'CmdOrCtrl+R'),
      item('verify', 'Verify…', 'Shift+CmdOrCtrl+V'),
      item('pin-point', 'Pin or Unpin'),
      separator,
      item('delete-point', 'Delete…', 'CmdOrCtrl+Backspace'),
    ],
  }
  const window: Item = {
    id: 'window',
    role: 'windowMenu',
    submenu: [
      { id: 'minimize', role: 'minimize' },
      ...(mac ? [{ id: 'zoom', role: 'zoom' } as const, separator, { id: 'front', role: 'front' } as const] : []),
    ],
  }
  const help: Item = {
    id: 'help',
    role: 'help',
    submenu: [{ id: 'show-log', label: mac ? 'Show Log in Finder' : 'Show Log File', click: facts.showLog }],
  }
  return [...(mac ? [appMenu] : []), file, edit, view, backup, point, window, help]
}

function machineItems(
  facts: MenuFacts,
  item: (id: MenuCommand, label: string, accelerator: string) => Item,
): readonly Item[] {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const
  const items = numbers.flatMap((number) => {
    const name = facts.machines[number - 1]
    // A menu label takes `&` as the mark of the next letter.
    return name === undefined ? [] : [item(`machine-${number}`, name.replaceAll('&', '&&'), `CmdOrCtrl+${number}`)]
  })
  return items.length === 0 ? [] : [separator, ...items]
}
