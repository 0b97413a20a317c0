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
import type { Ports } from '../core/ports/index.ts'
import { createFileLogger } from '../core/ports/loggers.ts'
import { createNodePorts } from '../core/ports/node-ports.ts'
import { runCli, type ServeRequest } from './cli/run-cli.ts'
import { openBrowser } from './open-browser.ts'
import { serveWeb } from './serve-web.ts'

const here = dirname(fileURLToPath(import.meta.url))
const isBuilt = import.meta.url.endsWith('.js')
const rendererDir = isBuilt ? join(here, '..', 'renderer') : join(here, '..', '..', 'out', 'renderer')
const indexWorker = isBuilt
  ? join(here, '..', 'electron', 'index-worker.js')
  : join(here, '..', 'core', 'repository', 'content-index', 'worker.ts')

function readVersion(): string {
  const about = JSON.parse(readFileSync(join(here, '..', '..', 'package.json'), 'utf8')) as { version: string }
  return about.version
}

function chooseHome(home: string | null): string {
  const name = process.platform === 'darwin' ? 'darwin' : 'linux'
  return home ?? defaultHome({ env: process.env, userDir: homedir(), platform: { name } })
}

async function joinHome(home: string | null, mode: 'one-shot' | 'long-running'): Promise<[HomeSession, Ports]> {
  const homeDir = chooseHome(home)
  const logger = createFileLogger(homePaths(homeDir).log)
  const ports = createNodePorts({ logger, indexWorker: pathToFileURL(indexWorker) })
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

/** Aborts at the first Ctrl-C or request to end; the second one leaves at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort()
    })
  }
  return controller.signal
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question, { signal })
  } catch (error) {
    if (signal.aborted) return ''
    throw error
  } finally {
    lines.close()
  }
}

async function main(): Promise<void> {
  // A reader that closes early (`floe points | head -1`) ends the command without a complaint.
  process.stdout.on('error', () => process.exit(0))
  const signal = interruption()
  const status = await runCli(process.argv.slice(2), {
    version: readVersion(),
    openClient: async (home) => {
      const [session] = await joinHome(home, 'one-shot')
      return { client: session.client, close: () => session.stop() }
    },
    serve,
    stdout: process.stdout,
    stderr: process.stderr,
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
  process.stdout.write('', () => process.exit(status))
}

void main()
