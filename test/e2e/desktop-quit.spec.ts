import { mkdirSync } from 'node:fs'
import { type ElectronApplication, expect, type Page, test } from '@playwright/test'
import type { PreloadBridge } from '../../shared/ipc/channels.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { type DesktopLaunch, launchDesktop } from './support/launch.ts'

let dir: TempDir
let desktop: DesktopLaunch

const ask = async <T>(page: Page, name: string, input: object = {}): Promise<T> => {
  const result = await page.evaluate(
    (call) => {
      const { floe } = globalThis as unknown as { floe: PreloadBridge }
      return floe.invoke(call.name as 'app.hello', call.input, `test-${Math.random()}`)
    },
    { name, input },
  )
  if (!result.ok) throw new Error(`${name}: ${result.problem.message}`)
  return result.value as T
}

interface Asked {
  readonly message: string
  readonly buttons: readonly string[]
  readonly defaultId: number
}

/** Presses the button `answer` in the next question, without showing it. */
const willAnswer = (app: ElectronApplication, answer: number) =>
  app.evaluate(({ dialog }, response) => {
    const asked: unknown[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = (async (_: unknown, options: unknown) => {
      asked.push(options)
      return { response, checkboxChecked: false }
    }) as typeof dialog.showMessageBox
  }, answer)
const asked = (app: ElectronApplication) => app.evaluate(() => (globalThis as unknown as { asked: Asked[] }).asked)
const quit = (app: ElectronApplication) => app.evaluate(({ app: floe }) => setImmediate(() => floe.quit()))
const visible = (app: ElectronApplication) =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())
const states = async (page: Page) =>
  (await ask<{ state: { kind: string } }[]>(page, 'jobs.list')).map((job) => job.state.kind)

/** A backup of the demo machine that would take minutes. */
async function startSlowBackup(page: Page): Promise<void> {
  mkdirSync(dir.file('Backups'))
  const destination = await ask<{ id: string }>(page, 'destinations.add', { path: dir.file('Backups'), name: null })
  await ask(page, 'demo.start')
  let machine: { id: string } | undefined
  await expect
    .poll(async () => {
      const machines = await ask<{ id: string; origin: string; state: { kind: string } }[]>(page, 'machines.list')
      machine = machines.find((one) => one.origin === 'demo' && one.state.kind === 'running')
      return machine !== undefined
    })
    .toBe(true)
  await ask(page, 'backup.start', {
    machineId: machine?.id,
    destinationId: destination.id,
    diskIds: null,
    limit: 65_536,
    check: true,
  })
  // The window is told at the same pace as the host that asks: what one shows, the other knows.
  await expect(page.getByRole('navigation')).toContainText(/\d+\s%/)
}

test.beforeEach(async () => {
  dir = tempDir('floe-quit-')
  process.env.FLOE_MACHINES_UNDER = dir.path
  desktop = await launchDesktop(dir.file('home'))
  await startSlowBackup(desktop.page)
})
test.afterEach(async () => {
  await desktop[Symbol.asyncDispose]()
  await using again = await launchDesktop(dir.file('home'))
  for (const job of await ask<{ id: string; canCancel: boolean }[]>(again.page, 'jobs.list')) {
    if (job.canCancel) await ask(again.page, 'jobs.cancel', { jobId: job.id }).catch(() => {})
  }
  await expect.poll(() => states(again.page)).not.toContain('copying')
  await ask(again.page, 'demo.remove')
  await again[Symbol.asyncDispose]()
  dir[Symbol.dispose]()
})

test('quitting while a backup runs asks, with three named choices, and keeps running by default', async () => {
  const { app, page } = desktop
  await willAnswer(app, 0)
  await quit(app)
  await expect.poll(() => asked(app)).toHaveLength(1)
  const [question] = await asked(app)
  expect(question?.message).toMatch(/ is being backed up \(\d+ %/)
  expect(question?.buttons).toHaveLength(3)
  expect(question?.buttons[0]).toMatch(/^Keep Running/)
  expect(question?.buttons[2]).toBe('Stop Backup and Quit')
  expect(question?.defaultId).toBe(0)
  await expect.poll(() => visible(app)).toBe(false)
  expect(await states(page)).toContain('copying')

  await test.step('cancel leaves everything as it is', async () => {
    await willAnswer(app, 1)
    await quit(app)
    await expect.poll(() => asked(app)).toHaveLength(1)
    await expect.poll(() => visible(app)).toBe(true)
    expect(await states(page)).toContain('copying')
  })

  await test.step('closing the window keeps the backup running', async () => {
    await app.evaluate(({ BrowserWindow }) => setImmediate(() => BrowserWindow.getAllWindows()[0]?.close()))
    await expect.poll(() => visible(app)).toBe(false)
    expect(await states(page)).toContain('copying')
  })

  await test.step('stopping ends the backup, removes what it copied, and quits', async () => {
    const ended = new Promise((resolve) => app.process().once('exit', resolve))
    await willAnswer(app, 2)
    await quit(app)
    await ended
    const again = await launchDesktop(dir.file('home'))
    expect(await states(again.page)).not.toContain('copying')
    expect(await ask(again.page, 'points.list', { machineId: null })).toEqual([])
    await again[Symbol.asyncDispose]()
  })
})
