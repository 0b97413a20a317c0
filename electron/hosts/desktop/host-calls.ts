import { access } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { type BrowserWindow, dialog, shell } from 'electron'
import type { HostCallName } from '../../../shared/ipc/contract.ts'
import { FloeError } from '../../core/errors.ts'
import type { Handlers } from '../../core/gate/handlers.ts'

/** The calls that only a desktop can answer. `window`: null while there is none. */
export function desktopCalls(window: () => BrowserWindow | null): Handlers<HostCallName> {
  let lastFolder: string | null = null
  return {
    'host.chooseFolder': async ({ title }) => {
      const options = {
        title,
        message: title,
        buttonLabel: 'Choose',
        properties: ['openDirectory', 'createDirectory'] as ('openDirectory' | 'createDirectory')[],
        ...(lastFolder === null ? {} : { defaultPath: lastFolder }),
      }
      const parent = window()
      const { filePaths } = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
      const path = filePaths[0] ?? null
      lastFolder = path ?? lastFolder
      return { path }
    },
    'host.showInFolder': async ({ path }) => {
      try {
        if (!isAbsolute(path)) throw new Error('The path is not absolute')
        await access(path)
      } catch (cause) {
        throw new FloeError('ipc/invalid-input', `There is nothing at ${path}.`, { params: { path }, cause })
      }
      shell.showItemInFolder(path)
      return {}
    },
    'host.openPrivacySettings': async () => {
      if (process.platform !== 'darwin') {
        throw new FloeError('ipc/forbidden', 'Only macOS has these settings.', {})
      }
      await shell.openExternal('x-apple.systempreferences:com.apple.preference.security?Privacy_FilesAndFolders')
      return {}
    },
  }
}
