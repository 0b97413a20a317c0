// `npm run package`: the macOS packages (dmg and zip, arm64 and x64) into dist/. On another system electron-builder
// cannot make the dmg; `--stub` makes an app folder that proves the configuration without Electron.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Arch, build, Platform } from 'electron-builder'
import { run } from './bootstrap/run.mjs'
import { giveUp, say } from './bootstrap/say.mjs'
import { configuration } from './electron-builder.ts'
import { writeStubElectron } from './stub-electron.ts'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const stub = process.argv.includes('--stub')
if (process.platform !== 'darwin' && !stub) {
  giveUp(
    'macOS packages with a dmg can only be made on a Mac.',
    'Here, prove the configuration with: npm run package -- --stub',
  )
}
if ((await run('npm', ['run', '--silent', 'build'])) !== 0) giveUp('The build failed.')
if (stub) {
  const electronDist = writeStubElectron(mkdtempSync(join(tmpdir(), 'floe-stub-')), manifest.devDependencies.electron)
  await build({ targets: Platform.MAC.createTarget('dir', Arch.arm64), config: { ...configuration, electronDist } })
  say('dist/mac-arm64/Floe.app has the right shape and contents; its Electron is a stub and does not start')
} else {
  await build({ targets: Platform.MAC.createTarget(), config: configuration })
}
