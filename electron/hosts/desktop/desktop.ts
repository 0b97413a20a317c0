import { join } from 'node:path'
import { app, session as electronSession, Menu, nativeTheme, shell } from 'electron'
import { channels } from '../../../shared/ipc/channels.ts'
import { openHome, type RunningCore } from '../../core/control/home-session.ts'
import { withHostCalls } from '../../core/gate/host-calls.ts'
import { homePaths } from '../../core/home/home-paths.ts'
import type { Ports } from '../../core/ports/index.ts'
import { listRendererFiles } from '../page/renderer-files.ts'
import { serveAppScheme } from './app-protocol.ts'
import { type Followed, followTopic } from './follow-topic.ts'
import { soundFrozenAlarm } from './frozen-alarm.ts'
import { guardPermissions } from './guards.ts'
import { desktopCalls } from './host-calls.ts'
import { serveWindows } from './ipc.ts'
import { unfinishedJobs } from './job-summary.ts'
import { createMainWindow, type MainWindow } from './main-window.ts'
import { menuTemplate } from './menu.ts'
import { createMenuBarItem } from './menu-bar-item.ts'
import { coordinateQuit } from './quit.ts'
import { showStatusOutside } from './status-outside.ts'

export interface DesktopOptions {
  readonly homeDir: string
  /** Where Chromium keeps its things and the window its place. */
  readonly profileDir: string
  readonly rendererDir: string
  readonly preload: string
  readonly ports: Ports
  readonly demo: boolean
  readonly startCore: () => Promise<RunningCore>
}

/**
 * Builds the desktop app once Electron is ready: joins the home, then opens the window.
 * @throws FloeError when the home cannot be used
 */
export async function startDesktop(options: DesktopOptions): Promise<void> {
  const { ports } = options
  const { logger } = ports
  guardPermissions(electronSession.defaultSession)
  serveAppScheme(await listRendererFiles(options.rendererDir))
  const session = await openHome({
    homeDir: options.homeDir,
    ports,
    startCore: options.startCore,
    mode: 'long-running',
  })
  logger.info('The desktop app has started', { role: session.role(), electron: process.versions.electron })

  let window: MainWindow | null = null
  const client = withHostCalls(session.client, {
    handlers: desktopCalls(() => window?.browserWindow ?? null),
    can: { chooseFolder: true, showInFolder: true },
    ports,
  })
  const jobs = followTopic(client, 'jobs')
  const windows = serveWindows(client, logger)
  const main = createMainWindow({
    preload: options.preload,
    placeFile: join(options.profileDir, 'window.json'),
    logger,
    staysWhenClosed: () => session.role() === 'owner' && unfinishedJobs(jobs.items()).length > 0,
    admit: windows.admit,
  })
  window = main

  coordinateQuit({ session, jobs, window: main, logger })
  showStatusOutside(main, jobs, followTopic(client, 'activity'))
  const machines = followTopic(client, 'machines')
  soundFrozenAlarm(main, machines)
  keepMenu(main, machines, homePaths(options.homeDir).log)
  if (process.platform === 'darwin') createMenuBarItem(main, jobs)
  followTopic(client, 'settings').onChange(([item]) => {
    if (item) nativeTheme.themeSource = item.settings.theme
  })
  jobs.onChange((items) => {
    if (main.isWaitingToEnd() && unfinishedJobs(items).length === 0) app.quit()
  })

  const startDemo = async () => {
    const result = await client.invoke('demo.start', {})
    if (!result.ok) logger.error('The demo machine did not start', { problem: result.problem })
  }
  app.on('activate', main.show)
  app.on('second-instance', (_, args) => {
    main.show()
    if (args.includes('--demo')) void startDemo()
  })
  if (options.demo) await startDemo()
}

/** Builds the menu anew whenever the machines' names change. */
function keepMenu(window: MainWindow, machines: Followed<'machines'>, logFile: string): void {
  let shown: string | null = null
  machines.onChange((items) => {
    const names = items.map((machine) => machine.name)
    if (shown === JSON.stringify(names)) return
    shown = JSON.stringify(names)
    const template = menuTemplate({
      platform: process.platform === 'darwin' ? 'darwin' : 'linux',
      machines: names,
      developer: !app.isPackaged,
      send: (command) => {
        window.show()
        window.browserWindow.webContents.send(channels.menu, command)
      },
      showLog: () => shell.showItemInFolder(logFile),
    })
    Menu.setApplicationMenu(Menu.buildFromTemplate(template))
  })
}
