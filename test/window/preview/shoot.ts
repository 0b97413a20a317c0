// Takes pictures of every scene in light and dark, wide and at the smallest size, and lets axe look at each.
// `node test/window/preview/shoot.ts OUT-FOLDER [SCENE...]`; exits with 1 when axe finds a violation. Light is wide and
// dark is small unless FLOE_ALL_LOOKS is set, which takes all four.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from '@playwright/test'
import react from '@vitejs/plugin-react'
import { createServer } from 'vite'
import { scenes } from './scenes.ts'

const [out = 'test-results/preview', ...wanted] = process.argv.slice(2)
const wide = { width: 1280, height: 820 }
const small = { width: 900, height: 600 }
const looks = [
  { colorScheme: 'light', viewport: wide },
  { colorScheme: 'dark', viewport: small },
  ...(process.env.FLOE_ALL_LOOKS === undefined
    ? []
    : ([
        { colorScheme: 'light', viewport: small },
        { colorScheme: 'dark', viewport: wide },
      ] as const)),
] as const

mkdirSync(out, { recursive: true })
const server = await createServer({
  configFile: false,
  root: process.cwd(),
  plugins: [react()],
  server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
  logLevel: 'error',
})
await server.listen()
const base = `${server.resolvedUrls?.local[0] ?? ''}test/window/preview/index.html`
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})

let violations = 0
for (const scene of wanted.length === 0 ? Object.keys(scenes) : wanted) {
  for (const { colorScheme, viewport } of looks) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
    const page = await context.newPage()
    page.on('pageerror', (error) => console.log(`${scene}: ${error.message}`))
    await page.goto(`${base}?scene=${scene}`)
    await page.getByRole('navigation', { includeHidden: true }).waitFor()
    const ready = scenes[scene]?.ready
    if (ready !== undefined) await page.getByTestId(ready).first().waitFor()
    for (const key of scenes[scene]?.keys ?? []) await page.keyboard.press(key)
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(out, `${scene}-${colorScheme}-${viewport.width}.png`) })
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) {
      console.log(`${scene} ${viewport.width}: scrolls sideways`)
    }
    const { violations: found } = await new AxeBuilder({ page }).analyze()
    for (const violation of found) {
      violations += 1
      const nodes = violation.nodes.map((node) => `    ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`)
      console.log(`${scene} ${colorScheme} ${viewport.width}: ${violation.id}\n${nodes.slice(0, 3).join('\n')}`)
    }
    await context.close()
  }
}
await browser.close()
await server.close()
console.log(violations === 0 ? 'axe: no violations' : `axe: ${violations} violations`)
process.exitCode = violations === 0 ? 0 : 1
