// Last step of `npm run build`: the executable `out/floe`, which checks Node before it loads anything newer.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../out/${path}`, import.meta.url))

writeFileSync(
  at('floe'),
  `#!/usr/bin/env node
var version = process.versions.node.split('.').map(Number)
if (version[0] < 20 || (version[0] === 20 && version[1] < 18)) {
  console.error('floe needs Node.js 20.18 or newer; this is ' + process.versions.node + '.')
  process.exit(2)
}
import('./command/floe.js')
`,
)
chmodSync(at('floe'), 0o755)
const { version } = JSON.parse(readFileSync(at('../package.json'), 'utf8'))
// The command's own version: it must be right wherever out/ is moved.
writeFileSync(at('command/package.json'), `${JSON.stringify({ type: 'module', version })}\n`)
