// `npm start`: installs what is missing, builds when needed, and opens Floe. `--demo` also starts the demo machine.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildWhenNeeded } from './bootstrap/build-when-needed.mjs'
import { ensureDependencies } from './bootstrap/dependencies.mjs'
import { checkNode } from './bootstrap/node-version.mjs'
import { root, run, toolEnvironment } from './bootstrap/run.mjs'
import { say } from './bootstrap/say.mjs'
import { ensureTools, findProgram, toolsForDemo, toolsToRun } from './bootstrap/system-tools.mjs'

const args = process.argv.slice(2)
const demo = args.includes('--demo')
const rest = args.filter((arg) => arg !== '--demo')

/** The folder with Electron's program, downloading it once if this machine can; null when it cannot be had. */
async function electronFolder() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist')
  const pathFile = join(root, 'node_modules', 'electron', 'path.txt')
  const program = () =>
    process.env.ELECTRON_OVERRIDE_DIST_PATH ? 'electron' : existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : null
  const ready = () => program() !== null && existsSync(join(folder, /** @type {string} */ (program())))
  if (ready()) return folder
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) return null
  say('downloading Electron, which shows the window (once, about 100 MB)')
  await run('node', [join(root, 'node_modules', 'electron', 'install.js')], { quiet: true, timeoutMs: 300_000 })
  return ready() ? folder : null
}

function hasDisplay() {
  return process.platform === 'darwin' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

/** @param {string} why */
async function startWebHost(why) {
  say(`${why} Floe opens in the browser instead: same window, same core.`)
  const open = hasDisplay() && (process.platform === 'darwin' || findProgram('xdg-open')) ? ['--open'] : []
  return run(process.execPath, [join(root, 'out', 'floe'), 'serve', ...open, ...rest], { env: environment })
}

checkNode()
await ensureDependencies()
await ensureTools(toolsToRun, { required: true })
await ensureTools(toolsForDemo, { required: demo })
await buildWhenNeeded()
const environment = { ...toolEnvironment(), ...(demo ? { FLOE_DEMO: '1' } : {}) }

if (!hasDisplay()) process.exit(await startWebHost('There is no display here.'))
const folder = await electronFolder()
if (!folder) process.exit(await startWebHost("Electron's program could not be downloaded."))
const unsandboxed = process.platform === 'linux' && process.getuid?.() === 0
if (unsandboxed) say('running as root, so Chromium runs without its sandbox; use an ordinary user for daily work')
process.exit(await run('electron', [...(unsandboxed ? ['--no-sandbox'] : []), '.', ...rest], { env: environment }))
