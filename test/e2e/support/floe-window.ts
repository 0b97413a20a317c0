import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ElectronApplication, Page, TestInfo } from '@playwright/test'
import { launchDesktop, launchWeb } from './launch.ts'

/** Floe's window in the project's host: a real Electron, or Chromium on the web host. */
export interface FloeWindow extends AsyncDisposable {
  readonly page: Page
  /** Only on the desktop. */
  readonly app: ElectronApplication | null
  /** Writes `<step>-<name>` in light and dark at the size of the moment. */
  picture(name: string): Promise<void>
  /** Ends the host behind the window; only on the web. */
  stopHost(): Promise<void>
}

const output = process.env.FLOE_E2E_OUTPUT ?? 'test-results/e2e'

export async function openFloe(home: string, info: TestInfo, size = { width: 1280, height: 820 }): Promise<FloeWindow> {
  // Machines of other tests, and of whoever runs the tests, are none of this window's business.
  process.env.FLOE_MACHINES_UNDER = dirname(home)
  const desktop = info.project.name === 'desktop' ? await launchDesktop(home) : null
  const web = desktop === null ? await launchWeb(home) : null
  const page = desktop?.page ?? (await web?.open(web.url))
  if (!page) throw new Error('Floe has no window')
  if (web) await page.setViewportSize(size)
  let step = 0
  return {
    page,
    app: desktop?.app ?? null,
    picture: async (name) => {
      step += 1
      const folder = join(
        output,
        'pictures',
        info.project.name,
        info.title
          .replaceAll(/[^a-z0-9]+/gi, '-')
          .toLowerCase()
          .slice(0, 40),
      )
      mkdirSync(folder, { recursive: true })
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await page.screenshot({ path: join(folder, `${String(step).padStart(2, '0')}-${name}-${theme}.png`) })
      }
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    },
    stopHost: async () => {
      await web?.stopHost()
    },
    [Symbol.asyncDispose]: async () => {
      await (desktop ?? web)?.[Symbol.asyncDispose]()
    },
  }
}

/** The number on the demo machine's disk, as the window shows it. */
export async function demoCounter(page: Page): Promise<number> {
  const text = (await page.getByTestId('demo-counter').textContent()) ?? ''
  return Number(text.replaceAll(/\D/g, ''))
}
