// The `floe` executable: puts core, web host and command line together. Built as out/command/floe.js behind out/floe,
// which checks Node first; runs from the sources too.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type HomeSession, openHome } from '../core/control/home-session.ts'
import { createCore } from '../core/core.ts'
import { defaultHome, homePaths } from '../core/home/home-paths.ts'
import type { GuardCommand, Logger, Ports } from '../core/ports/index.ts'
import { createFileLogger } from '../core/ports/loggers.ts'
import { createNodePorts } from '../core/ports/node-ports.ts'
import { tellCrash, tellLeaving } from './cli/crash.ts'
import { runCli, type ServeRequest } from './cli/run-cli.ts'
import { openBrowser } from './open-browser.ts'
import { serveWeb } from './serve-web.ts'

const here = dirname(fileURLToPath(import.meta.url))
const isBuilt = import.meta.url.endsWith('.js')
const rendererDir = isBuilt ? join(here, '..', 'renderer') : join(here, '..', '..', 'out', 'renderer')
const indexWorker = isBuilt
  ? join(here, '..', 'electron', 'index-worker.js')
  : join(here, '..', 'core', 'repository', 'content-index', 'worker.ts')
const guardCommand: GuardCommand = {
  program: process.execPath,
  args: [isBuilt ? join(here, 'guard.js') : join(here, '..', 'core', 'guest-agent', 'guard', 'guard.ts')],
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
}

/** The build writes the version beside the program (build/finish-build.mjs), so that `out/` may be moved. */
function readVersion(): string {
  const file = isBuilt ? join(here, 'package.json') : join(here, '..', '..', 'package.json')
  const about = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return about.version
}

function chooseHome(home: string | null): string {
  const name = process.platform === 'darwin' ? 'darwin' : 'linux'
  return home ?? defaultHome({ env: process.env, userDir: homedir(), platform: { name } })
}

/** Of the home that was joined; null before. */
let logger: Logger | null = null

async function joinHome(home: string | null, mode: 'one-shot' | 'long-running'): Promise<[HomeSession, Ports]> {
  const homeDir = chooseHome(home)
  logger = createFileLogger(homePaths(homeDir).log)
  const ports = createNodePorts({ logger, indexWorker: pathToFileURL(indexWorker), guardCommand })
  const startCore = () => createCore({ homeDir, ports, version: readVersion() })
  return [await openHome({ homeDir, ports, startCore, mode }), ports]
}

async function serve(request: ServeRequest): Promise<{ readonly url: string; close(): Promise<void> }> {
  const [session, ports] = await joinHome(request.home, 'long-running')
  const served = await serveWeb({ session, ports, rendererDir, port: request.port, demo: request.demo })
  if (request.open)
    openBrowser(served.url, () => process.stderr.write('No browser could be opened: use the address.\n'))
  return served
}

const sameRequestMs = 1_000

/**
 * Aborts at the first Ctrl-C or request to end; a second one leaves at once. One Ctrl-C may arrive several times (from
 * the terminal, and passed on by npm), so what comes within a second is the same request.
 */
function interruption(leaveAtOnce: () => void): AbortSignal {
  const controller = new AbortController()
  let askedAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) askedAt = performance.now()
      else if (performance.now() - askedAt > sameRequestMs) leaveAtOnce()
      controller.abort()
    })
  }
  return controller.signal
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-D and Ctrl-C end the input: no answer is a no.
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (error) {
    if (signal.aborted) return ''
    throw error
  } finally {
    lines.close()
  }
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const output = watchOutput()
  const end = (error: unknown) => {
    logger?.error('An error nobody caught', { error })
    process.exit(tellCrash(argv, { stdout: process.stdout, stderr: process.stderr }, error))
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
  const signal = interruption(() => process.exit(tellLeaving(argv, { stdout: process.stdout, stderr: process.stderr })))
  const status = await runCli(argv, {
    version: readVersion(),
    openClient: async (home) => {
      const [session] = await joinHome(home, 'one-shot')
      const close = async () => {
        await session.untilUnneeded(signal, () => {
          process.stderr.write(
            'Other commands work through this one: waiting until they are done (Ctrl-C ends them).\n',
          )
        })
        await session.stop()
      }
      return { client: session.client, close }
    },
    serve,
    stdout: process.stdout,
    stderr: process.stderr,
    writeBytes: (bytes) =>
      new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))),
    ask: (question) => ask(question, signal),
    terminal: {
      input: process.stdin.isTTY === true,
      output: process.stdout.isTTY === true,
      columns: process.stdout.columns ?? 80,
    },
    env: process.env,
    cwd: process.cwd(),
    now: () => new Date(),
    signal,
  })
  // A failed write tells its event after its callback.
  process.stdout.write('', () => setImmediate(() => process.exit(output.failed() && status === 0 ? 2 : status)))
}

/**
 * A reader that closes early (`floe points | head -1`) is no failure, and no reason to leave a backup alone: the rest is
 * said to nobody. Anything else, a full disk above all, means that the answer is not whole.
 */
function watchOutput(): { failed(): boolean } {
  let failed = false
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (failed || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return
    failed = true
    process.stderr.write(`floe: The output could not be written: ${error.message}\n`)
  })
  return { failed: () => failed }
}

void main()
