import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, type Page, test } from '@playwright/test'
import type { PreloadBridge } from '../../shared/ipc/channels.ts'
import { run } from '../support/run.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { electronProgram, launchDesktop, root } from './support/launch.ts'

let dir: TempDir
test.beforeEach(() => {
  dir = tempDir('floe-desktop-')
})
test.afterEach(() => dir[Symbol.dispose]())

const ask = (page: Page, name: string, input: object = {}) =>
  page.evaluate(
    async (call) => {
      const { floe } = globalThis as unknown as { floe: PreloadBridge }
      return floe.invoke(call.name as 'app.hello', call.input, `test-${Math.random()}`)
    },
    { name, input },
  )

/** The state that the newest record of the home's lock tells. */
const lockState = (home: string): string => {
  const folder = `${home}/owner.lock`
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))[0]
  return (JSON.parse(readFileSync(`${folder}/${newest}`, 'utf8')) as { state: string }).state
}

test('choosing a menu item sends its command to the window', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { app, page } = desktop
  await page.evaluate(() => {
    const { floe } = globalThis as unknown as { floe: PreloadBridge }
    const heard: string[] = []
    Object.assign(globalThis, { heard })
    floe.onMenuCommand((command) => heard.push(command))
  })
  await app.evaluate(({ Menu }) => {
    for (const id of ['add-machine', 'toggle-sidebar', 'overview'])
      Menu.getApplicationMenu()?.getMenuItemById(id)?.click()
  })
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard))
    .toEqual(['add-machine', 'toggle-sidebar', 'overview'])
})

test('a folder is chosen in a native dialog', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { app, page } = desktop
  await app.evaluate(({ dialog }) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: ['/data/backups'] })
  })
  expect(await ask(page, 'host.chooseFolder', { title: 'Where?' })).toEqual({
    ok: true,
    value: { path: '/data/backups' },
  })
  await app.evaluate(({ dialog }) => {
    dialog.showOpenDialog = async () => ({ canceled: true, filePaths: [] })
  })
  expect(await ask(page, 'host.chooseFolder', { title: 'Where?' })).toEqual({ ok: true, value: { path: null } })
  expect(await ask(page, 'host.showInFolder', { path: dir.file('nothing') })).toMatchObject({
    problem: { code: 'ipc/invalid-input' },
  })
})

test('a page that is loaded again gets fresh snapshots, and no push of the page before it', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { page } = desktop
  const listen = () =>
    page.evaluate(() => {
      const { floe } = globalThis as unknown as { floe: PreloadBridge }
      const kinds: string[] = []
      Object.assign(globalThis, { kinds })
      floe.subscribe('settings', (message) => kinds.push(message.kind))
    })
  const kinds = () => page.evaluate(() => (globalThis as unknown as { kinds: string[] }).kinds)
  // The page's own subscription to the same topic may bring one more snapshot; what counts are the deltas.
  const deltas = async () => (await kinds()).filter((kind) => kind === 'delta').length
  await listen()
  await expect.poll(async () => (await kinds())[0]).toBe('snapshot')
  await page.reload()
  await listen()
  await expect.poll(async () => (await kinds())[0]).toBe('snapshot')
  await ask(page, 'settings.set', { units: 'binary' })
  await expect.poll(deltas).toBe(1)
  await ask(page, 'settings.set', { units: 'decimal' })
  await expect.poll(deltas, 'each change is told once').toBe(2)
})

test('the theme of the settings is the theme of the window', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { app, page } = desktop
  for (const theme of ['dark', 'light'] as const) {
    await ask(page, 'settings.set', { theme })
    await expect.poll(() => app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)).toBe(theme)
  }
})

test('a second start shows the first window and ends', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { app } = desktop
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  const second = spawn(electronProgram(), ['.', '--no-sandbox', '--disable-gpu', '--home', dir.file('home')], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, FLOE_E2E: '1' },
  })
  expect(await new Promise((resolve) => second.once('exit', resolve))).toBe(0)
  await expect.poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true)
})

test('quitting gives the home up and remembers where the window was', async () => {
  const home = dir.file('home')
  const first = await launchDesktop(home)
  expect(lockState(home)).toBe('serving')
  await first.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setBounds({ width: 1000, height: 700 }),
  )
  const sizeNow = () => first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getSize())
  await expect.poll(sizeNow).toEqual([1000, 700])
  await first.app.close()
  expect(lockState(home)).toBe('released')
  await using second = await launchDesktop(home)
  const size = await second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getSize())
  expect(size).toEqual([1000, 700])
})

test('a request of the system to end is obeyed without a question, and the home is given up', async () => {
  const home = dir.file('home')
  const { app } = await launchDesktop(home)
  const ended = new Promise((resolve) => app.process().once('exit', resolve))
  app.process().kill('SIGTERM')
  await ended
  expect(lockState(home)).toBe('released')
})

test('closing the only window ends Floe on Linux while nothing runs', async () => {
  test.skip(process.platform === 'darwin', 'closing hides the window on macOS')
  const { app } = await launchDesktop(dir.file('home'))
  const ended = new Promise((resolve) => app.process().once('exit', resolve))
  await app.evaluate(({ BrowserWindow }) => {
    setImmediate(() => BrowserWindow.getAllWindows()[0]?.close())
  })
  await ended
  expect(lockState(dir.file('home'))).toBe('released')
})

test('a home that cannot be used ends the start with one clear sentence', async () => {
  writeFileSync(dir.file('file'), '')
  const program = spawn(electronProgram(), ['.', '--no-sandbox', '--disable-gpu', '--home', dir.file('file', 'home')], {
    cwd: root,
    env: { ...process.env, FLOE_E2E: '1' },
  })
  let complaint = ''
  program.stderr.on('data', (data) => {
    complaint += data
  })
  expect(await new Promise((resolve) => program.once('exit', resolve))).toBe(2)
  expect(complaint).toContain("Floe can't start: Floe can't write to its home folder")
})

test('what a command does in a terminal is live in the window, and the command works through the app', async () => {
  await using desktop = await launchDesktop(dir.file('home'))
  const { page } = desktop
  await page.evaluate(() => {
    const { floe } = globalThis as unknown as { floe: PreloadBridge }
    const names: string[] = []
    Object.assign(globalThis, { names })
    floe.subscribe('destinations', (message) => {
      if (message.kind === 'delta') names.push(...message.upserts.map((item) => (item as { name: string }).name))
    })
  })
  mkdirSync(dir.file('Shelf'))
  const command = await run(
    process.execPath,
    `${root}/out/floe`,
    '--home',
    dir.file('home'),
    '--json',
    'destination',
    'add',
    dir.file('Shelf'),
  )
  const added = JSON.parse(command) as { id: string; name: string }
  expect(added.name).toBe('Shelf')
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { names: string[] }).names)).toContain('Shelf')
  expect(await ask(page, 'destinations.list')).toMatchObject({ ok: true, value: [{ id: added.id }] })
  expect(lockState(dir.file('home'))).toBe('serving')
})

test('when the web host that ran the core is killed, the desktop app carries on', async () => {
  const serving = spawn(process.execPath, [`${root}/out/floe`, '--home', dir.file('home'), 'serve', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => serving.stdout.once('data', resolve))
  await using desktop = await launchDesktop(dir.file('home'))
  const { page } = desktop
  await page.evaluate(() => {
    const { floe } = globalThis as unknown as { floe: PreloadBridge }
    const kinds: string[] = []
    Object.assign(globalThis, { kinds })
    floe.subscribe('activity', (message) => kinds.push(message.kind))
  })
  const snapshots = () =>
    page.evaluate(
      () => (globalThis as unknown as { kinds: string[] }).kinds.filter((kind) => kind === 'snapshot').length,
    )
  await expect(page.getByRole('navigation')).toBeVisible()
  await expect.poll(snapshots).toBeGreaterThan(0)
  const before = await snapshots()
  serving.kill('SIGKILL')
  await expect.poll(snapshots).toBeGreaterThan(before)
  expect(await ask(page, 'settings.get')).toMatchObject({ ok: true })
})
