// `npm run dev`: rebuilds on every change and starts the desktop app anew; QEMU's jobs go on and are found again.
// Without Electron's program it serves the web host on a fixed port instead.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createBuilder } from 'vite'
import { root, run, toolEnvironment } from './bootstrap/run.mjs'
import { say } from './bootstrap/say.mjs'

const hasElectron = existsSync(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? `${root}node_modules/electron/dist`)
const [program, args] = hasElectron ? ['electron', ['.']] : ['node', ['out/floe', 'serve', '--port', '5180']]

let child: ChildProcess | null = null
let wanted = true

function start(): void {
  child = spawn(program as string, args as string[], { cwd: root, env: toolEnvironment(), stdio: 'inherit' })
  child.once('exit', (code) => {
    if (wanted && code === 0) process.exit(0)
  })
}

async function restart(): Promise<void> {
  await run('node', ['build/finish-build.mjs'])
  const old = child
  if (old && old.exitCode === null) {
    wanted = false
    old.removeAllListeners('exit')
    const gone = new Promise((resolve) => old.once('exit', resolve))
    old.kill()
    await gone
    wanted = true
  }
  start()
}

interface Watcher {
  on(event: 'event', listener: (event: { code: string }) => void): void
}

const builder = await createBuilder({
  root: `${root}renderer`,
  configFile: `${root}vite.config.ts`,
  build: { watch: {} },
  logLevel: 'warn',
  mode: 'development',
})
let ready = 0
let timer: NodeJS.Timeout | undefined
const environments = Object.values(builder.environments)
for (const environment of environments) {
  const watcher = (await builder.build(environment)) as unknown as Watcher
  let built = false
  watcher.on('event', (event) => {
    if (event.code === 'ERROR') say('the build failed; waiting for the next change')
    if (event.code !== 'BUNDLE_END') return
    if (!built) ready += 1
    built = true
    if (ready < environments.length) return
    clearTimeout(timer)
    timer = setTimeout(() => void restart(), 200)
  })
}
