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

/** Installs the packages of the lock file, unless exactly these are installed already. */
export async function ensureDependencies() {
  const hash = wanted()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  say('installing packages with npm ci, because package-lock.json is new here (about a minute)')
  const status = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: process.env })
  if (status !== 0) giveUp('npm ci failed.', 'Its own message is above; the network is the usual reason.')
  writeFileSync(stamp, hash)
}
