import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startWebHost, type WebHost } from '../../../electron/hosts/web/web-host.ts'
import type { ServerMessage } from '../../../shared/ipc/wire.ts'
import { gatePorts, type ToyCore, toyCore } from '../../support/toy/toy-core.ts'

const rendererDir = fileURLToPath(new URL('../../support/toy/page', import.meta.url))

let core: ToyCore
let host: WebHost
let origin: string

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers, setHost: !('host' in headers) },
      (answer) => {
        let body = ''
        answer.on('data', (data) => {
          body += data
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const pathOf = (url: string) => `${new URL(url).pathname}${new URL(url).search}`

async function signIn(): Promise<string> {
  const answer = await ask(pathOf(host.newUrl()))
  return String(answer.headers['set-cookie']).split(';')[0] ?? ''
}

/** Answers the connection, or the status it was refused with. */
function openSocket(headers: Record<string, string>): Promise<WebSocket | number> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/bridge`, { headers })
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    socket.on('error', () => {})
  })
}

beforeAll(async () => {
  core = toyCore()
  host = await startWebHost({ client: core.client, rendererDir, ports: gatePorts })
  origin = new URL(host.url).origin
})
afterAll(() => host.close())

describe('the web host lets in', () => {
  it('whoever has a ticket, once, and leaves no ticket in the address', async () => {
    const url = host.newUrl()
    const first = await ask(pathOf(url))
    expect(first.status).toBe(303)
    expect(first.headers.location).toBe('/')
    expect(String(first.headers['set-cookie'])).toMatch(/^floe-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    const second = await ask(pathOf(url))
    expect(second.status).toBe(403)
    expect(second.body).toContain('floe serve')
    expect(second.headers['set-cookie']).toBeUndefined()
  })

  it('nobody without a session, and says what to do', async () => {
    for (const path of ['/', '/index.html', '/assets/page.js', '/no-such']) {
      const answer = await ask(path)
      expect(answer.status).toBe(403)
      expect(answer.body).toContain('not signed in')
    }
    expect((await ask('/', { cookie: `floe-${new URL(origin).port}=guess` })).status).toBe(403)
    expect((await ask('/?ticket=guess')).status).toBe(403)
  })

  it('nobody under another name, even with a session', async () => {
    const cookie = await signIn()
    const { port } = new URL(origin)
    for (const name of [`localhost:${port}`, `evil.example:${port}`, '127.0.0.1', '']) {
      expect((await ask('/', { host: name, cookie })).status, name).toBeGreaterThanOrEqual(400)
    }
    expect((await ask('/', { host: `evil.example:${port}`, cookie })).body).toContain(
      'does not answer under this address',
    )
  })

  it('no page of another origin', async () => {
    const cookie = await signIn()
    expect((await ask('/', { cookie, origin: 'http://127.0.0.1:1' })).status).toBe(403)
    expect((await ask('/', { cookie, origin: 'null' })).status).toBe(403)
    expect((await ask('/', { cookie, origin })).status).toBe(200)
  })
})

describe('the web host serves', () => {
  it('the built page with a policy that allows only its own code', async () => {
    const answer = await ask('/', { cookie: await signIn() })
    const policy = String(answer.headers['content-security-policy'])
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('unsafe')
    expect(answer.body).toContain(`<meta property="csp-nonce" nonce="${nonce}">`)
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
    const again = await ask('/', { cookie: await signIn() })
    expect(String(again.headers['content-security-policy'])).not.toContain(String(nonce))
  })

  it('no file outside of it, however the path is written', async () => {
    const cookie = await signIn()
    const paths = [
      '/../toy-core.ts',
      '/%2e%2e/toy-core.ts',
      '/..%2ftoy-core.ts',
      '/assets/%2e%2e%2f%2e%2e%2ftoy-core.ts',
    ]
    for (const path of [...paths, '//etc/passwd', '/assets', '/%00', '/%']) {
      expect((await ask(path, { cookie })).status, path).toBe(404)
    }
    expect((await ask('/assets/page.css', { cookie })).headers['content-type']).toBe('text/css; charset=utf-8')
  })

  it('only reading', async () => {
    expect((await ask('/', { cookie: await signIn() }, 'POST')).status).toBe(405)
  })
})

describe('the WebSocket of the web host', () => {
  it('opens only for a signed-in page of its own', async () => {
    const cookie = await signIn()
    expect(await openSocket({ origin })).toBe(403)
    expect(await openSocket({ cookie })).toBe(403)
    expect(await openSocket({ cookie, origin: 'https://evil.example' })).toBe(403)
    expect(await openSocket({ cookie, origin, host: 'evil.example' })).toBe(403)
    const socket = await openSocket({ cookie, origin })
    expect(socket).toBeInstanceOf(WebSocket)
    ;(socket as WebSocket).close()
  })

  it('carries calls and topics, and knows what a browser cannot do', async () => {
    const socket = (await openSocket({ cookie: await signIn(), origin })) as WebSocket
    const heard: ServerMessage[] = []
    let wake = () => {}
    socket.on('message', (data) => {
      heard.push(JSON.parse(String(data)))
      wake()
    })
    const next = async (fits: (message: ServerMessage) => boolean) => {
      while (!heard.some(fits)) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return heard.find(fits)
    }
    const say = (message: unknown) => socket.send(JSON.stringify(message))
    say({ kind: 'call', id: 1, name: 'app.hello', input: {} })
    say({ kind: 'call', id: 2, name: 'host.chooseFolder', input: { title: 'Where?' } })
    say({ kind: 'call', id: 3, name: 'host.showInFolder', input: { path: '/x' } })
    say({ kind: 'subscribe', id: 4, topic: 'settings' })
    const answerTo = (id: number) => next((message) => message.kind === 'result' && message.id === id)
    expect(await answerTo(1)).toMatchObject({ result: { value: { can: { chooseFolder: false } } } })
    expect(await answerTo(2)).toMatchObject({ result: { value: { path: null } } })
    expect(await answerTo(3)).toMatchObject({ result: { problem: { code: 'ipc/forbidden' } } })
    expect(await next((message) => message.kind === 'push')).toMatchObject({ message: { kind: 'snapshot' } })
    say({ kind: 'call', id: 5, name: 'settings.set', input: { units: 'binary' } })
    expect(await next((message) => message.kind === 'push' && message.message.kind === 'delta')).toMatchObject({
      message: { upserts: [{ settings: { units: 'binary' } }] },
    })
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    say({ kind: 'open the door' })
    expect(await closed).toBe(1008)
  })
})
