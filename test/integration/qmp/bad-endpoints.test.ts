import { execFile } from 'node:child_process'
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connectQmp } from '../../../electron/core/qmp/connect.ts'
import { QmpConnectError } from '../../../electron/core/qmp/errors.ts'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { fakeQmp, greetingLine } from '../../support/fake-qmp.ts'
import { startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

const clock = { now: () => new Date(), monotonic: () => performance.now() }
const quick = { clock, greetingTimeoutMs: 300 }
const unix = (path: string): QmpEndpoint => ({ kind: 'unix', path })

async function problem(endpoint: QmpEndpoint, options: ConnectOptions = quick): Promise<QmpConnectError> {
  const error = await connectQmp(endpoint, options).then(
    () => new Error('it connected'),
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(QmpConnectError)
  return error as QmpConnectError
}

test('a path that is missing, no socket or too long is told at once, by name', async () => {
  using dir = tempDir('fb-')
  const file = dir.file('plain')
  writeFileSync(file, '')
  const long = `${dir.path}/${'x'.repeat(110)}`
  expect(await problem(unix(dir.file('gone')))).toMatchObject({ code: 'machine/socket-missing' })
  expect(await problem(unix(dir.file('plain', 'below')))).toMatchObject({ code: 'machine/socket-missing' })
  expect(await problem(unix(file))).toMatchObject({ code: 'machine/not-a-socket' })
  expect(await problem(unix(dir.path))).toMatchObject({ code: 'machine/not-a-socket' })
  const tooLong = await problem(unix(long))
  expect(tooLong.code).toBe('machine/socket-path-too-long')
  expect(tooLong.message).toContain('103')
})

test('a socket file without a listener, and a TCP port without one, are refused', async () => {
  await using qemu = await startQemu()
  const link = `${qemu.dir.path}/link`
  symlinkSync(qemu.qmpPath, link)
  const session = await connectQmp(unix(link), { clock })
  await session.close()
  await qemu.kill()
  expect(await problem(unix(qemu.qmpPath))).toMatchObject({ code: 'machine/refused' })
  const server = createServer()
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  await new Promise((resolve) => server.close(resolve))
  expect(await problem({ kind: 'tcp', host: '127.0.0.1', port })).toMatchObject({ code: 'machine/refused' })
})

test('a socket of somebody else is a matter of permission', async () => {
  await using server = await fakeQmp({ onCommand: () => {} })
  chmodSync(server.path, 0)
  if (process.getuid?.() !== 0) {
    expect(await problem(server.endpoint)).toMatchObject({ code: 'machine/no-permission' })
    return
  }
  chmodSync(server.path.replace(/\/qmp$/, ''), 0o755)
  const module = pathToFileURL('electron/core/qmp/connect.ts').href
  const script = `const { connectQmp } = await import(${JSON.stringify(module)})
    const clock = { now: () => new Date(), monotonic: () => performance.now() }
    await connectQmp({ kind: 'unix', path: process.argv[1] }, { clock }).catch((error) => console.log(error.code))`
  const args = ['--no-warnings', '--input-type=module', '-e', script, server.path]
  const { stdout } = await promisify(execFile)(process.execPath, args, { uid: 65534, gid: 65534 })
  expect(stdout.trim()).toBe('machine/no-permission')
})

describe.each(['unix', 'tcp'] as const)('over %s', (kind) => {
  test('a peer that closes in its greeting is told so, after half of it too', async () => {
    for (const text of ['', greetingLine.slice(0, 30)]) {
      await using server = await fakeQmp({ onConnect: ({ socket }) => socket.end(text) }, kind)
      expect(await problem(server.endpoint)).toMatchObject({ code: 'machine/closed-in-greeting' })
    }
  })

  test('a peer that closes in the negotiation counts as closing in its greeting', async () => {
    await using server = await fakeQmp(
      {
        onConnect: ({ socket }) => {
          socket.write(greetingLine)
          socket.once('data', () => socket.destroy())
        },
      },
      kind,
    )
    expect(await problem(server.endpoint)).toMatchObject({ code: 'machine/closed-in-greeting' })
  })

  test('a peer that speaks garbage is no QMP, with or without a line end', async () => {
    for (const text of ['SSH-2.0-OpenSSH_9.2\r\n', '{"hello": 1}\n', '\xff\xfe\x00 no line end', '[1, 2]\n']) {
      await using server = await fakeQmp({ onConnect: ({ socket }) => void socket.write(text, 'latin1') }, kind)
      expect(await problem(server.endpoint)).toMatchObject({ code: 'machine/speaks-garbage' })
    }
  })

  test('a line of 20 MB is cut off, in the greeting and later', async () => {
    const line = `{"return": "${'x'.repeat(20 << 20)}"}\n`
    await using early = await fakeQmp({ onConnect: ({ socket }) => void socket.write(line) }, kind)
    expect(await problem(early.endpoint, { clock })).toMatchObject({ code: 'machine/line-too-long' })
    await using later = await fakeQmp({ onCommand: (_command, { socket }) => void socket.write(line) }, kind)
    const session = await connectQmp(later.endpoint, { clock })
    await expect(session.execute('query-block')).rejects.toMatchObject({ code: 'machine/interrupted' })
    expect(await session.closed).toMatchObject({ code: 'machine/line-too-long' })
  })

  test("a second client of a real QEMU gets no greeting: busy, and QEMU's monitor for people is told apart", async () => {
    using dir = tempDir('fb-')
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    const at = (offset: number, name: string): { argument: string; endpoint: QmpEndpoint } =>
      kind === 'unix'
        ? { argument: `unix:${dir.file(name)},server=on,wait=off`, endpoint: unix(dir.file(name)) }
        : {
            argument: `tcp:127.0.0.1:${port + offset},server=on,wait=off`,
            endpoint: { kind: 'tcp', host: '127.0.0.1', port: port + offset },
          }
    const qmp = at(0, 'second')
    const hmp = at(1, 'hmp')
    await using _qemu = await startQemu({ args: ['-qmp', qmp.argument, '-monitor', hmp.argument] })
    const first = await connectQmp(qmp.endpoint, { clock })
    const busy = await problem(qmp.endpoint)
    expect(busy).toMatchObject({ code: 'machine/busy', params: { program: null } })
    if (kind === 'unix') {
      const platform = { socketPeer: async () => ({ pid: 4711, program: 'virt-manager' }) }
      const named = await problem(qmp.endpoint, { ...quick, platform })
      expect(named).toMatchObject({ code: 'machine/busy', params: { program: 'virt-manager', pid: 4711 } })
    }
    await first.close()
    expect(await problem(hmp.endpoint)).toMatchObject({ code: 'machine/speaks-hmp' })
  })
})

test('when the queue of waiting clients is full, the socket is busy too', async () => {
  await using qemu = await startQemu()
  const holder = await connectQmp(unix(qemu.qmpPath), { clock })
  const results = await Promise.all([1, 2, 3, 4, 5].map(() => problem(unix(qemu.qmpPath))))
  expect(new Set(results.map((error) => error.code))).toEqual(new Set(['machine/busy']))
  expect(results.some((error) => (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EAGAIN')).toBe(true)
  await holder.close()
})

test('a stopped QEMU is silent and not busy', async () => {
  await using qemu = await startQemu()
  process.kill(qemu.pid, 'SIGSTOP')
  try {
    const error = await problem(unix(qemu.qmpPath), { ...quick, isServerStopped: async () => true })
    expect(error).toMatchObject({ code: 'machine/silent' })
    rmSync(qemu.qmpPath)
    expect(await problem(unix(qemu.qmpPath))).toMatchObject({ code: 'machine/socket-missing' })
  } finally {
    process.kill(qemu.pid, 'SIGCONT')
  }
})
