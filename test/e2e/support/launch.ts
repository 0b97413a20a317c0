import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { _electron, type Browser, chromium, type ElectronApplication, type Page } from '@playwright/test'

/** The folder with `package.json` and `out/` of the app under test; this checkout unless FLOE_E2E_APP names another. */
export const root = process.env.FLOE_E2E_APP ?? join(import.meta.dirname, '..', '..', '..')

/** Named to Playwright, which otherwise loads a script of its own first, with an option only Electron's own shell takes. */
export const electronProgram = (): string => createRequire(import.meta.url)('electron') as string

/** Keeps Chromium on this machine: no other name resolves. */
const offline = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'

export interface DesktopLaunch extends AsyncDisposable {
  readonly app: ElectronApplication
  readonly page: Page
}

/**
 * The built desktop app on `home`, in the Electron of node_modules or `ELECTRON_OVERRIDE_DIST_PATH`. With
 * Chromium's process sandbox, which it refuses to use for root only.
 */
export async function launchDesktop(home: string, args: readonly string[] = []): Promise<DesktopLaunch> {
  const app = await _electron.launch({
    executablePath: electronProgram(),
    args: ['.', offline, '--disable-gpu', '--home', home, ...args],
    cwd: root,
    env: { ...definedEnv(), FLOE_E2E: '1' },
    chromiumSandbox: process.getuid?.() !== 0,
    colorScheme: null,
  })
  const page = await app.firstWindow()
  await page.waitForLoadState('domcontentloaded')
  const program = app.process()
  const ended = new Promise<void>((resolve) => program.once('exit', () => resolve()))
  return {
    app,
    page,
    [Symbol.asyncDispose]: async () => {
      // Not `app.close()`, which asks a person what to do about jobs that run.
      if (program.exitCode !== null || program.signalCode !== null) return
      program.kill('SIGTERM')
      await ended
    },
  }
}

export interface WebLaunch extends AsyncDisposable {
  /** Works once. */
  readonly url: string
  /** Opens another browser window, without cookies of the first. */
  open(url: string): Promise<Page>
  /** Ends `floe serve` and leaves its windows open. */
  stopHost(): Promise<void>
}

/** `floe serve` on `home`, and Debian's or Playwright's Chromium. */
export async function launchWeb(home: string, args: readonly string[] = []): Promise<WebLaunch> {
  const child = spawn(process.execPath, [join(root, 'out', 'floe'), '--home', home, 'serve', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let browser: Browser | null = null
  const stopHost = async () => {
    child.kill('SIGTERM')
    await exited
  }
  const end = async () => {
    await browser?.close()
    await stopHost()
  }
  try {
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /http:\/\/127\.0\.0\.1:\d+\/[^\s"]*/.exec(line)
        if (found) resolve(found[0])
      })
      child.once('exit', (code) => reject(new Error(`floe serve ended with ${code} before it told its address`)))
    })
    browser = await launchChromium()
    const running = browser
    return {
      url,
      stopHost,
      open: async (address) => {
        const page = await (await running.newContext()).newPage()
        await page.goto(address)
        return page
      },
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

export function launchChromium(): Promise<Browser> {
  const executablePath = process.env.FLOE_CHROMIUM ?? '/usr/bin/chromium'
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', offline] })
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
