import { giveUp } from './say.mjs'

/**
 * Floe's own tools need Node 24; on Linux (x64) the lock file brings it, so any Node that can run npm will do there.
 * Elsewhere the installed Node runs them itself, and 22.18 is the first that reads TypeScript without a flag.
 */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const bringsItsOwn = process.platform === 'linux' && process.arch === 'x64'
  const [needMajor, needMinor] = bringsItsOwn ? [20, 18] : [22, 18]
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return
  const how = process.platform === 'darwin' ? 'Run: brew install node' : 'Install a newer Node.js and try again.'
  giveUp(`Node.js ${needMajor}.${needMinor} or newer is needed, this is ${process.versions.node}.`, how)
}
