import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { tempDir } from '../../support/temp.ts'
import { type Finished, floe, startFloeCommand } from './floe-command.ts'
import { isCopying, isServing, lastEvent, shows, slowWorld } from './slow-world.ts'

it('Ctrl-C cancels the backup that this command started: status 130, no point, no leftovers, the guest goes on', async () => {
  await using world = await slowWorld()
  const command = startFloeCommand(world.home, ...world.slowly)
  await isCopying(command)
  command.process.kill('SIGINT')
  const result = await command.finished
  expect(result.status).toBe(130)
  expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'backup/cancelled' } })
  expect((await floe(world.home, 'points', '--json')).json()).toEqual([[]])
  const left = readdirSync(world.dir.file('backups'), { recursive: true }).map(String)
  expect(left.filter((name) => name.endsWith('.qcow2') || name.includes('.partial-'))).toEqual([])
  const now = world.guest.counter()
  await world.guest.waitFor(now + 5)
})

it('through a Floe that serves the same home, other commands see, pause, resume and cancel a backup', async () => {
  await using world = await slowWorld()
  const { home } = world
  const server = startFloeCommand(home, 'serve', '--json')
  try {
    await isServing(server)
    const { url } = JSON.parse(server.stdout()) as { url: string }
    expect(new URL(url).hostname).toBe('127.0.0.1')
    const command = startFloeCommand(home, ...world.slowly)
    await isCopying(command)
    const [jobs] = (await floe(home, 'jobs', '--json')).json() as unknown as [{ id: string; state: { kind: string } }[]]
    expect(jobs).toMatchObject([{ state: { kind: 'copying' }, machineName: world.name, limit: 1_000_000 }])
    const id = jobs[0]?.id ?? ''
    expect((await floe(home, 'pause', world.name)).status).toBe(0)
    await shows(command, 'pause', () => lastEvent(command).state === 'paused')
    expect((await floe(home, 'resume', id.slice(0, 5))).status).toBe(0)
    await isCopying(command)
    expect((await floe(home, 'cancel', id)).status).toBe(0)
    const result = await command.finished
    expect(result.status).toBe(130)
    expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'backup/cancelled' } })
  } finally {
    server.process.kill('SIGTERM')
  }
  expect((await server.finished).status).toBe(0)
})

it('a command whose Floe is killed under it ends at once with a clear failure', async () => {
  await using world = await slowWorld()
  const server = startFloeCommand(world.home, 'serve', '--json')
  let result: Finished
  try {
    await isServing(server)
    const command = startFloeCommand(world.home, ...world.slowly)
    await isCopying(command)
    server.process.kill('SIGKILL')
    result = await command.finished
  } finally {
    server.process.kill('SIGKILL')
    await server.finished
  }
  expect(result.status).toBe(2)
  expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'ipc/disconnected' } })
})

it('every failure has its status, a sentence, and a way out', async () => {
  using dir = tempDir()
  const home = dir.file('home')
  const cases: [string[], number, RegExp][] = [
    [['backup', 'nobody'], 3, /There is no machine "nobody"/],
    [['machine', 'add', '--qmp', dir.file('missing')], 3, /missing/],
    [['destination', 'add', dir.file('missing')], 4, /missing/],
    [['point', 'abc'], 6, /There is no restore point "abc"/],
    [['undo', 'abc'], 6, /There is no restore "abc"/],
    [['pause', 'abc'], 2, /There is no job "abc"/],
    [['backup'], 2, /Usage: floe backup M/],
    [['backup', 'm', '--limit', 'fast'], 2, /"fast" is not a speed limit/],
    [['restore', 'abc'], 2, /--to DIR .* or --swap/],
  ]
  for (const [args, status, words] of cases) {
    const result = await floe(home, ...args)
    expect(result.status, args.join(' ')).toBe(status)
    expect(result.stdout, args.join(' ')).toBe('')
    expect(result.stderr, args.join(' ')).toMatch(words)
  }
})
