// Entry of the desktop app. What Electron wants before it is ready happens here, synchronously: sandbox, scheme, profile
// folder, single-instance lock, guards. `desktop.ts` does the rest once it is ready.
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app, dialog } from 'electron'
import { createCore } from '../../core/core.ts'
import { FloeError } from '../../core/errors.ts'
import { runGuard } from '../../core/guest-agent/guard/run-guard.ts'
import { defaultHome, homePaths } from '../../core/home/home-paths.ts'
import { homeUnwritable } from '../../core/home/json-file.ts'
import { createFileLogger } from '../../core/ports/loggers.ts'
import { createNodePorts } from '../../core/ports/node-ports.ts'
import { registerAppScheme } from './app-protocol.ts'
import { startDesktop } from './desktop.ts'
import { guardCommand, isGuard } from './guard-launch.ts'
import { guardAllPages } from './guards.ts'
import { type LaunchOptions, readLaunchOptions } from './launch-options.ts'
import { desktopPowerEvents } from './power-events.ts'

/** Says why Floe cannot start or go on, in a box and for whoever started it from a terminal, and ends. */
function giveUp(error: unknown, what: "Floe can't start" | 'Floe has to close' = "Floe can't start"): void {
  const text = error instanceof Error ? error.message : String(error)
  const remedy = error instanceof FloeError && error.remedy !== null ? `\n${error.remedy}` : ''
  process.stderr.write(`${what}: ${text}${remedy}\n`)
  if (process.env.FLOE_E2E === undefined) dialog.showErrorBox(what, `${text}${remedy}`)
  app.exit(2)
}

function start(options: LaunchOptions): void {
  const name = process.platform === 'darwin' ? 'darwin' : 'linux'
  const homeDir = options.homeDir ?? defaultHome({ env: process.env, userDir: homedir(), platform: { name } })
  // Inside the home, so that Electron's single-instance lock is one per home.
  const profileDir = join(homeDir, 'desktop')
  try {
    mkdirSync(profileDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw homeUnwritable(profileDir, error)
  }
  app.setPath('userData', profileDir)
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  app.enableSandbox()
  registerAppScheme()
  const logger = createFileLogger(homePaths(homeDir).log)
  guardAllPages(logger)
  let started = false
  process.on('uncaughtException', (error) => {
    logger.error('An error nobody caught', { error })
    const cause = new FloeError('system/unexpected', error.message, {
      remedy: 'Backups go on inside QEMU. Open Floe again: it finds them.',
    })
    giveUp(started ? cause : error, started ? 'Floe has to close' : "Floe can't start")
  })
  process.on('unhandledRejection', (reason) => logger.error('A rejection nobody handled', { reason }))

  const ports = createNodePorts({
    logger,
    indexWorker: pathToFileURL(join(import.meta.dirname, 'index-worker.js')),
    guardCommand: guardCommand({ program: process.execPath, isPackaged: app.isPackaged, appPath: app.getAppPath() }),
    power: desktopPowerEvents(),
    env: options.demo ? { ...process.env, FLOE_DEMO: '1' } : process.env,
  })
  void app
    .whenReady()
    .then(() =>
      startDesktop({
        homeDir,
        profileDir,
        rendererDir: join(import.meta.dirname, '..', 'renderer'),
        preload: join(import.meta.dirname, 'preload.cjs'),
        ports,
        demo: options.demo,
        startCore: () => createCore({ homeDir, ports, version: app.getVersion() }),
      }),
    )
    .then(() => {
      started = true
    })
    .catch((error: unknown) => giveUp(error))
}

if (isGuard(process.argv)) {
  // Waited for here, so that Electron never gets ready: no lock, no profile, no window, no graphics.
  app.dock?.hide()
  await runGuard()
  process.exit(0)
}
try {
  start(readLaunchOptions(process.argv.slice(1), process.env))
} catch (error) {
  giveUp(error)
}
