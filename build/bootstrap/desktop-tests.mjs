// How the desktop specs get a real Electron: a wrapper named by FLOE_WITH_ELECTRON, the downloaded one, or not at all.
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

/**
 * @param {string} reports folder for the report
 * @returns {{ program: string, args: string[], report: string } | { skipped: string }}
 */
export function desktopCommand(reports) {
  const folder = join(reports, 'desktop')
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o777)
  const report = join(folder, 'report.json')
  const settings = [`PLAYWRIGHT_JSON_OUTPUT_NAME=${report}`, `FLOE_E2E_OUTPUT=${folder}`]
  const playwright = [
    join(root, 'node_modules', '.bin', 'playwright'),
    'test',
    '--project=desktop',
    '--reporter=list,json',
  ]
  const wrapper = process.env.FLOE_WITH_ELECTRON
  if (wrapper) return { program: wrapper, args: ['env', ...settings, ...playwright], report }
  const downloaded = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist')
  if (!existsSync(downloaded)) return { skipped: "Electron's program is not here (npm start downloads it)" }
  const display = process.platform === 'darwin' || process.env.DISPLAY ? [] : ['xvfb-run', '-a']
  return { program: 'env', args: [...settings, ...display, ...playwright], report }
}
