import { expect, test } from '@playwright/test'
import { tempDir } from '../support/temp.ts'
import { launchWeb, type WebLaunch } from './support/launch.ts'

test.describe.configure({ mode: 'serial' })

const home = tempDir('floe-web-')
let web: WebLaunch

test.beforeAll(async () => {
  web = await launchWeb(home.file('home'))
})
test.afterAll(async () => {
  await web?.[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

test('the printed address opens Floe once, and leaves no secret in the address bar', async () => {
  const page = await web.open(web.url)
  const { origin } = new URL(web.url)
  expect(page.url()).toBe(`${origin}/`)
  await expect(page.locator('body')).not.toContainText('not signed in')
  expect(await page.evaluate(() => document.cookie)).toBe('')
  const cookies = await page.context().cookies()
  expect(cookies).toHaveLength(1)
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict' })

  const second = await web.open(web.url)
  await expect(second.locator('body')).toContainText('was used already')
  const without = await web.open(origin)
  await expect(without.locator('body')).toContainText('not signed in')
  await without.context().close()
  await second.context().close()

  await test.step('inline script is refused by the policy, and reported', async () => {
    const directive = await page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), {
            once: true,
          })
          const script = document.createElement('script')
          script.textContent = 'globalThis.ran = true'
          document.head.append(script)
        }),
    )
    expect(directive).toBe('script-src-elem')
  })

  await test.step('the session survives a reload', async () => {
    const answer = await page.reload()
    expect(answer?.status()).toBe(200)
  })
})

test('another site can neither read nor use the bridge', async () => {
  const { origin, host } = new URL(web.url)
  const page = await web.open(origin)
  const outcome = await page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address)
        socket.addEventListener('open', () => resolve('open'))
        socket.addEventListener('error', () => resolve('refused'))
      }),
    `ws://${host}/bridge`,
  )
  expect(outcome).toBe('refused')
  const renamed = await page.request.get(origin, { headers: { host: 'evil.example' } })
  expect(renamed.status()).toBe(403)
  const foreign = await page.request.get(origin, { headers: { origin: 'https://evil.example' } })
  expect(foreign.status()).toBe(403)
  await page.context().close()
})
