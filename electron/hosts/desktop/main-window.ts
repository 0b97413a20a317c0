import { app, BrowserWindow, dialog, nativeTheme, screen } from 'electron'
import type { Logger } from '../../core/ports/index.ts'
import { pageUrl } from './app-protocol.ts'
import { firstSize, readPlace, smallestSize, usablePlace, writePlace } from './window-place.ts'

export interface MainWindow {
  readonly browserWindow: BrowserWindow
  show(): void
  /** Hides; where there is no Dock or menu bar item to come back from, `onIdle` ends the app once nothing runs. */
  hideUntilDone(): void
  /** True after `hideUntilDone`, until the window is shown again. */
  isWaitingToEnd(): boolean
  rememberPlace(): void
}

/** Creates the one window, hidden until its page is ready, and loads the page. */
export function createMainWindow(options: {
  readonly preload: string
  readonly placeFile: string
  readonly logger: Logger
  /** Closing hides where this answers true, and quits where it does not. */
  readonly staysWhenClosed: () => boolean
  readonly admit: (contents: Electron.WebContents) => void
}): MainWindow {
  const { logger } = options
  const mac = process.platform === 'darwin'
  const areas = screen.getAllDisplays().map((display) => display.workArea)
  const place = usablePlace(readPlace(options.placeFile), areas)
  const window = new BrowserWindow({
    ...(place?.bounds ?? firstSize),
    minWidth: smallestSize.width,
    minHeight: smallestSize.height,
    show: false,
    title: 'Floe',
    ...(mac
      ? { titleBarStyle: 'hiddenInset', vibrancy: 'sidebar', visualEffectState: 'followWindow' }
      : { backgroundColor: nativeTheme.shouldUseDarkColors ? '#1e1e20' : '#ffffff' }),
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  if (place?.maximized) window.maximize()
  options.admit(window.webContents)

  let waitingToEnd = false
  const rememberPlace = () => {
    if (window.isDestroyed()) return
    const failure = writePlace(options.placeFile, { bounds: window.getNormalBounds(), maximized: window.isMaximized() })
    if (failure !== null) logger.warn('The place of the window was not remembered', { error: failure })
  }
  const hide = () => {
    if (!window.isFullScreen()) {
      window.hide()
      return
    }
    window.once('leave-full-screen', () => window.hide())
    window.setFullScreen(false)
  }
  const show = () => {
    waitingToEnd = false
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }
  const hideUntilDone = () => {
    rememberPlace()
    waitingToEnd = !mac
    hide()
  }

  window.once('ready-to-show', show)
  window.on('close', (event) => {
    event.preventDefault()
    if (mac || options.staysWhenClosed()) hideUntilDone()
    else app.quit()
  })
  surviveCrashes(window, logger)
  void window
    .loadURL(pageUrl)
    .catch((error: unknown) => logger.error('The page did not load', { error: String(error) }))
  return { browserWindow: window, show, hideUntilDone, isWaitingToEnd: () => waitingToEnd, rememberPlace }
}

/** A page that crashes is loaded again once; what crashes twice in a minute is shown to the person. */
function surviveCrashes(window: BrowserWindow, logger: Logger): void {
  let crashedAt = Number.NEGATIVE_INFINITY
  window.webContents.on('render-process-gone', (_, details) => {
    if (details.reason === 'clean-exit') return
    logger.error('The page crashed', { reason: details.reason, exitCode: details.exitCode })
    const again = performance.now() - crashedAt < 60_000
    crashedAt = performance.now()
    if (!again) {
      window.webContents.reload()
      return
    }
    dialog.showErrorBox(
      'Floe’s window stopped working',
      'Backups that run are not affected. Quit Floe and open it again to get the window back.',
    )
  })
}
