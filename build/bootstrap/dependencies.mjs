import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.mjs'
import { giveUp, say } from './say.mjs'

const stamp = join(root, 'node_modules', '.floe-installed')

function wanted() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/**
 * Were exactly these packages installed by somebody else, with npm itself? `npm ci` begins by removing node_modules, under
 * the feet of whatever uses it. npm writes its own list (node_modules/.package-lock.json) when it is done;
 * an install that was cut off may have left the list of before, so each package is looked for too.
 */
export function isInstalled(folder = root) {
  const list = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(list)) return false
  const { packages: present } = JSON.parse(readFileSync(list, 'utf8'))
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  return Object.entries(packages).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true
    const found = present[path]
    if (found === undefined) return optional === true
    const there = existsSync(join(folder, path, 'package.json'))
    return there && found.version === version && found.integrity === integrity
  })
}

/** Installs the packages of the lock file, unless exactly these are installed already. */
export async function ensureDependencies() {
  const hash = wanted()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  if (isInstalled()) {
    writeFileSync(stamp, hash)
    return
  }
  say('installing packages with npm ci, because package-lock.json is new here (about a minute)')
  const status = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: process.env })
  if (status !== 0) {
    giveUp(
      'npm ci failed.',
      'Its own message is above: no network, or another program using node_modules. Then try again.',
    )
  }
  writeFileSync(stamp, hash)
}
