import { existsSync } from 'node:fs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The Chromium that the window tests drive: FLOE_CHROMIUM, or where systems put it; null when there is none. */
export function findBrowser() {
  const wanted = process.env.FLOE_CHROMIUM
  return [...(wanted ? [wanted] : []), ...places].find((path) => existsSync(path)) ?? null
}
