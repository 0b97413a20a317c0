import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listPackage } from '@electron/asar'
import { getCurrentFuseWire } from '@electron/fuses'
import { Arch, build, Platform } from 'electron-builder'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configuration } from '../../../build/electron-builder.ts'
import { writeStubElectron } from '../../../build/stub-electron.ts'
import { tempDir } from '../../support/temp.ts'

const root = new URL('../../..', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

// The real out/ (npm test builds it first) in a package around a stand-in for Electron's own files.
describe('the macOS package', () => {
  const dir = tempDir('floe-package-')
  const app = dir.file('dist', 'mac-arm64', 'Floe.app')
  afterAll(() => dir[Symbol.dispose]())

  beforeAll(async () => {
    expect(existsSync(join(root, 'out', 'electron', 'main.js')), 'out/ is built: npm run build').toBe(true)
    await build({
      projectDir: root,
      targets: Platform.MAC.createTarget('dir', Arch.arm64),
      config: {
        ...configuration,
        directories: { ...configuration.directories, output: dir.file('dist') },
        electronDist: writeStubElectron(dir.file('stub'), manifest.devDependencies.electron),
      },
    })
  })

  it('holds the desktop app and nothing else: no packages, no source maps, no command, no web host', () => {
    const files = listPackage(join(app, 'Contents/Resources/app.asar'), { isPack: false })
    expect(files).toContain('/package.json')
    expect(files).toContain('/out/electron/main.js')
    expect(files).toContain('/out/electron/preload.cjs')
    expect(files).toContain('/out/electron/index-worker.js')
    expect(files).toContain('/out/renderer/index.html')
    expect(files.filter((file) => /node_modules|\.map$|command|\/out\/floe/.test(file))).toEqual([])
  })

  it('says who it is and checks its own archive', () => {
    const info = readFileSync(join(app, 'Contents/Info.plist'), 'utf8')
    expect(info).toContain('<string>dev.floe.app</string>')
    expect(info).toContain('ElectronAsarIntegrity')
    expect(info).toContain('NSRemovableVolumesUsageDescription')
  })

  it('cannot be turned into a plain Node by its environment', async () => {
    const wire = await getCurrentFuseWire(join(app, 'Contents/MacOS/Floe'))
    const on = '1'.charCodeAt(0)
    const fuses = Object.entries(wire).filter(([name]) => /^\d+$/.test(name))
    // Order of @electron/fuses: runAsNode, cookie encryption, NODE_OPTIONS, --inspect, asar integrity, only asar, v8 snapshot, file privileges.
    expect(fuses.slice(0, 8).map(([, value]) => Number(value) === on)).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
      true,
      false,
    ])
  })
})
