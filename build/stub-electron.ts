// A folder shaped like Electron's macOS distribution, with a sentinel instead of a program: enough for electron-builder
// to make the package (asar, Info.plist, fuses) on a machine that cannot download Electron. It does not run.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where @electron/fuses finds its wire: this text, the wire's version, its length, one byte per fuse ('1' or '0'). */
const fuseSentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const fuseCount = 9

function program(): Buffer {
  const wire = Buffer.concat([
    Buffer.from(fuseSentinel, 'ascii'),
    Buffer.from([1, fuseCount]),
    Buffer.alloc(fuseCount, 0x31),
  ])
  return Buffer.concat([Buffer.alloc(64), wire, Buffer.alloc(64)])
}

function infoPlist(name: string, identifier: string, version: string): string {
  const entries = {
    CFBundleExecutable: name,
    CFBundleIdentifier: identifier,
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    CFBundleVersion: version,
  }
  const lines = Object.entries(entries).map(([key, value]) => `<key>${key}</key><string>${value}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${lines.join('')}</dict></plist>\n`
}

function writeApp(app: string, name: string, version: string, binary: Buffer): void {
  mkdirSync(join(app, 'Contents', 'MacOS'), { recursive: true })
  mkdirSync(join(app, 'Contents', 'Resources', 'en.lproj'), { recursive: true })
  const identifier = `com.github.Electron${name === 'Electron' ? '' : '.helper'}`
  writeFileSync(join(app, 'Contents', 'Info.plist'), infoPlist(name, identifier, version))
  writeFileSync(join(app, 'Contents', 'PkgInfo'), 'APPL????')
  writeFileSync(join(app, 'Contents', 'MacOS', name), binary, { mode: 0o755 })
}

/** Writes the stub into `folder` and answers it, ready for electron-builder's `electronDist`. */
export function writeStubElectron(folder: string, version: string): string {
  const app = join(folder, 'Electron.app')
  writeApp(app, 'Electron', version, program())
  writeFileSync(join(app, 'Contents', 'Resources', 'electron.icns'), '')
  const frameworks = join(app, 'Contents', 'Frameworks')
  for (const helper of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    writeApp(join(frameworks, `Electron Helper${helper}.app`), `Electron Helper${helper}`, version, Buffer.from('stub'))
  }
  const framework = join(frameworks, 'Electron Framework.framework')
  const current = join(framework, 'Versions', 'A')
  mkdirSync(join(current, 'Resources', 'en.lproj'), { recursive: true })
  writeFileSync(join(current, 'Resources', 'en.lproj', 'locale.pak'), '')
  writeFileSync(join(current, 'Electron Framework'), program(), { mode: 0o755 })
  symlinkSync('A', join(framework, 'Versions', 'Current'))
  symlinkSync('Versions/Current/Electron Framework', join(framework, 'Electron Framework'))
  symlinkSync('Versions/Current/Resources', join(framework, 'Resources'))
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(folder, name), '')
  writeFileSync(join(folder, 'version'), version)
  return folder
}
