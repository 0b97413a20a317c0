import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.mjs'
import { giveUp, say } from './say.mjs'

const sources = [
  'electron',
  'renderer',
  'shared',
  'package.json',
  'package-lock.json',
  'vite.config.ts',
  'build/finish-build.mjs',
]

/** @param {string} path @returns {number} */
function newest(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stats.mtimeMs)
}

/** Builds `out/` unless it is newer than everything it is made of. */
export async function buildWhenNeeded() {
  const built = join(root, 'out', 'floe')
  const latest = Math.max(...sources.map((name) => newest(join(root, name))))
  if (existsSync(built) && statSync(built).mtimeMs > latest) return
  say('building (a few seconds), because the sources are newer than out/')
  if ((await run('npm', ['run', '--silent', 'build'])) !== 0) giveUp('The build failed.', 'Its own message is above.')
}
