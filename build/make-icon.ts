// Draws build/icon.icns from build/icon.svg. Run by hand when the drawing changes: node build/make-icon.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from '@playwright/test'

const at = (name: string) => new URL(name, import.meta.url)
// Icon types that hold a PNG: 128, 256, 512 and 1024 pixels wide (Apple's icns format).
const entries = [
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
] as const

const svg = readFileSync(at('icon.svg'), 'utf8')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const parts: Buffer[] = []
for (const [type, width] of entries) {
  const page = await browser.newPage({ viewport: { width, height: width } })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`)
  const png = await page.screenshot({ omitBackground: true })
  const header = Buffer.alloc(8)
  header.write(type, 'ascii')
  header.writeUInt32BE(png.length + 8, 4)
  parts.push(header, png)
  if (width === 512) writeFileSync(at('icon.png'), png)
  await page.close()
}
await browser.close()
const body = Buffer.concat(parts)
const head = Buffer.alloc(8)
head.write('icns', 'ascii')
head.writeUInt32BE(body.length + 8, 4)
writeFileSync(at('icon.icns'), Buffer.concat([head, body]))
