import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { tempDir } from '../support/temp.ts'
import { type DesktopLaunch, launchDesktop, root } from './support/launch.ts'

test.describe.configure({ mode: 'serial' })

const home = tempDir('floe-desktop-')
let desktop: DesktopLaunch

test.beforeAll(async () => {
  desktop = await launchDesktop(home.file('home'))
})
test.afterAll(async () => {
  await desktop?.[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

test('the page runs sandboxed and isolated, without Node', async () => {
  const { app, page } = desktop
  const seen = await page.evaluate(() => ({
    url: location.href,
    process: typeof (globalThis as { process?: unknown }).process,
    require: typeof (globalThis as { require?: unknown }).require,
    bridge: Object.keys((globalThis as unknown as { floe: object }).floe).sort(),
  }))
  expect(seen).toEqual({
    url: 'app://bundle/',
    process: 'undefined',
    require: 'undefined',
    bridge: ['abort', 'invoke', 'ipcVersion', 'onMenuCommand', 'pathOfFile', 'platform', 'subscribe'],
  })
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>
    }
    return contents.getLastWebPreferences()
  })
  expect(preferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
  })
  expect(preferences.nodeIntegrationInSubFrames ?? false).toBe(false)
})

test('the system confines the process of the page', async () => {
  test.skip(process.platform !== 'linux' || process.getuid?.() === 0, 'only Linux tells, and root has no sandbox')
  const pid = await desktop.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
  )
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  // proc(5): 2 is a system call filter.
  expect(status).toMatch(/^Seccomp:\s+2$/m)
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
})

test('the page speaks to the core and is told what the desktop can do', async () => {
  const hello = await desktop.page.evaluate(() => {
    const { floe } = globalThis as unknown as { floe: { invoke(name: string, input: object, id: string): unknown } }
    return floe.invoke('app.hello', {}, 'one')
  })
  expect(hello).toMatchObject({ ok: true, value: { homeDir: home.file('home'), can: { chooseFolder: true } } })
})

test('inline script is refused by the policy, and reported', async () => {
  const report = await desktop.page.evaluate(
    () =>
      new Promise<{ directive: string; ran: boolean }>((resolve) => {
        document.addEventListener(
          'securitypolicyviolation',
          (event) => resolve({ directive: event.effectiveDirective, ran: 'ran' in globalThis }),
          { once: true },
        )
        const script = document.createElement('script')
        script.textContent = 'globalThis.ran = true'
        document.head.append(script)
      }),
  )
  expect(report).toEqual({ directive: 'script-src-elem', ran: false })
})

test('the page cannot fetch from elsewhere', async () => {
  const outcome = await desktop.page.evaluate(() => fetch('https://example.com/').then(String, () => 'refused'))
  expect(outcome).toBe('refused')
})

test('windows and navigation away are denied, and only links on the list reach the browser', async () => {
  const { app, page } = desktop
  await app.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => {
      opened.push(url)
    }
  })
  const windows = await page.evaluate(() =>
    ['https://evil.example/', 'file:///etc/passwd', 'https://www.qemu.org/'].map((url) => window.open(url) === null),
  )
  expect(windows).toEqual([true, true, true])
  await expect
    .poll(() => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened))
    .toEqual(['https://www.qemu.org/'])
  for (const url of ['https://example.com/', 'file:///etc/passwd', 'data:text/html,x']) {
    await page.evaluate((target) => {
      location.href = target
    }, url)
  }
  await expect
    .poll(() => readFileSync(home.file('home', 'logs', 'floe.log'), 'utf8'))
    .toContain('A page was kept from leaving {"url":"https://example.com/"}')
  expect(page.url()).toBe('app://bundle/')
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

test('permissions are denied', async () => {
  const states = await desktop.page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi'] as PermissionName[]
    return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state))
  })
  expect(new Set(states)).toEqual(new Set(['denied']))
  expect(await desktop.page.evaluate(() => Notification.requestPermission())).toBe('denied')
})

test('files outside the built page are not served, however the path is written', async () => {
  const statuses = await desktop.app.evaluate(async ({ net }) => {
    const urls = [
      'app://bundle/index.html',
      'app://bundle/../electron/main.js',
      'app://bundle/%2e%2e/electron/main.js',
      'app://bundle/..%2felectron%2fmain.js',
      'app://bundle/%2fetc%2fpasswd',
      'app://bundle//etc/passwd',
      'app://elsewhere/index.html',
    ]
    return Promise.all(urls.map(async (url) => (await net.fetch(url)).status))
  })
  expect(statuses).toEqual([200, 404, 404, 404, 404, 404, 404])
})

test('a page that is not ours gets no answer, even with our preload script', async () => {
  const answers = await desktop.app.evaluate(
    async ({ BrowserWindow }, preload) => {
      const ask = `floe.invoke('app.hello', {}, 'x').then((answer) => answer.problem?.code ?? 'answered')`
      const foreign = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } })
      await foreign.loadURL('data:text/html,<title>foreign</title>')
      const elsewhere = await foreign.webContents.executeJavaScript(ask)
      await foreign.loadURL('app://bundle/')
      const stranger = await foreign.webContents.executeJavaScript(ask)
      foreign.destroy()
      return [elsewhere, stranger]
    },
    join(root, 'out', 'electron', 'preload.cjs'),
  )
  expect(answers).toEqual(['ipc/forbidden', 'ipc/forbidden'])
})

test('a frame inside our page gets no bridge', async () => {
  const outcome = await desktop.page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const frame = document.createElement('iframe')
        document.addEventListener('securitypolicyviolation', () => resolve('refused by the policy'), { once: true })
        frame.addEventListener('load', () => resolve(String('floe' in (frame.contentWindow ?? {}))))
        frame.src = 'app://bundle/index.html'
        document.body.append(frame)
      }),
  )
  expect(outcome).toBe('refused by the policy')
})

test('the page itself breaks no rule of the policy, with sheets and menus open', async () => {
  const { app, page } = desktop
  const violations: string[] = []
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text())
  })
  await page.reload()
  await expect(page.getByRole('navigation').first()).toBeVisible()
  for (const [id, sheet] of [
    ['add-machine', 'dialog'],
    ['add-destination', 'dialog'],
    ['settings', null],
    ['activity', null],
    ['overview', null],
  ] as const) {
    await app.evaluate(({ Menu }, item) => Menu.getApplicationMenu()?.getMenuItemById(item)?.click(), id)
    if (sheet === null) continue
    await expect(page.getByRole(sheet)).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole(sheet)).toBeHidden()
  }
  expect(violations).toEqual([])
})
