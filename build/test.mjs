// `npm test`: installs what is missing, then types, lint, unit, window, integration (real QEMU) and end-to-end tests.
// The last line is `N passed, N failed`.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findBrowser } from './bootstrap/browser.mjs'
import { ensureDependencies } from './bootstrap/dependencies.mjs'
import { desktopCommand } from './bootstrap/desktop-tests.mjs'
import { linuxOnlyTests } from './bootstrap/linux-only-tests.mjs'
import { checkNode } from './bootstrap/node-version.mjs'
import { root, run, toolEnvironment } from './bootstrap/run.mjs'
import { say } from './bootstrap/say.mjs'
import { ensureTools, toolsForTests } from './bootstrap/system-tools.mjs'
import { playwrightCount, total, vitestCount } from './bootstrap/test-report.mjs'

const reports = join(root, 'test-results')

/** @type {import('./bootstrap/test-report.mjs').Count[]} */
const counts = []

/** @param {string} name @param {string} program @param {string[]} args */
async function check(name, program, args) {
  say(`checking ${name}`)
  const status = await run(program, args)
  counts.push({ name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 })
}

/** @param {string} project @param {string} what */
async function vitest(project, what) {
  say(`testing ${what}`)
  const report = join(reports, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = await run('vitest', ['run', '--project', project, ...reporters])
  counts.push(vitestCount(project, report, status))
}

/** @param {string} name @param {string} reason */
function skip(name, reason) {
  say(`SKIPPED the ${name} tests: ${reason}`)
  counts.push({ name, passed: 0, failed: 0, skipped: 1, note: reason })
}

async function webSpecs() {
  const browser = findBrowser()
  if (browser === null) return skip('web', 'no Chromium or Chrome is installed (FLOE_CHROMIUM names one elsewhere)')
  say('testing the window in a real browser, on the web host')
  const report = join(reports, 'web', 'report.json')
  const env = {
    ...toolEnvironment(),
    FLOE_CHROMIUM: browser,
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    FLOE_E2E_OUTPUT: join(reports, 'web'),
  }
  const status = await run('playwright', ['test', '--project=web', '--reporter=list,json'], { env })
  counts.push(playwrightCount('web', report, status))
}

async function desktopSpecs() {
  const desktop = desktopCommand(reports)
  if ('skipped' in desktop) return skip('desktop', desktop.skipped)
  say('testing the desktop app in a real Electron')
  const status = await run(desktop.program, desktop.args)
  counts.push(playwrightCount('desktop', desktop.report, status))
}

checkNode()
await ensureDependencies()
await ensureTools(toolsForTests, { required: true })
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

await check('types', 'tsc', ['-b'])
await check('lint, format and layers', 'biome', ['check', '.'])
if ((await run('npm', ['run', '--silent', 'build'])) !== 0) {
  say('the build failed, so nothing can be tested; its own message is above')
  const { passed, failed } = total(counts)
  console.log(`${passed} passed, ${failed + 1} failed`)
  process.exit(1)
}
await vitest('unit', 'the parts (unit)')
await vitest('window', 'the window (React)')
if (process.platform !== 'linux') skip('Linux-only', `${linuxOnlyTests.length} sets of files need loop mounts or /proc`)
await vitest('integration', 'against real QEMU and real file systems (integration)')
await webSpecs()
await desktopSpecs()

say('')
for (const count of counts) {
  const note = count.note ? ` (${count.note})` : ''
  say(`${count.name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped${note}`)
}
const sum = total(counts)
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`)
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1)
