import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { floe, startFloeCommand, startFloeWith } from './floe-command.ts'
import { isCopying, lastEvent, shows, slowWorld } from './slow-world.ts'

it('a command that has ended stays until the commands that joined it are done too', async () => {
  await using world = await slowWorld()
  await using other = await startDemoGuest({ hidden: true, blocks: 2048, pauseMs: 50 })
  const { home, dir } = world
  mkdirSync(dir.file('second place'))
  await floe(home, 'machine', 'add', '--qmp', other.qmpPath, '--name', 'other')
  await floe(home, 'destination', 'add', dir.file('second place'), '--name', 'second')
  const first = startFloeCommand(home, 'backup', world.name, '--to', dir.file('backups'), '--limit', '100K', '--json')
  await isCopying(first)
  const second = startFloeCommand(home, 'backup', 'other', '--to', 'second', '--limit', '500K', '--json')
  await isCopying(second)
  expect((await floe(home, 'cancel', world.name)).status).toBe(0)
  await shows(first, 'end of the first', () => lastEvent(first).event === 'failed')
  expect(first.process.exitCode).toBeNull()
  const jobs = (await floe(home, 'jobs', '--json')).json()
  expect(jobs[0]).toMatchObject([{ machineName: 'other' }, { machineName: world.name, state: { kind: 'cancelled' } }])
  const result = await second.finished
  expect(result.json().at(-1)).toMatchObject({ event: 'finished' })
  expect(result.status).toBe(0)
  const done = await first.finished
  expect(done.status).toBe(130)
  expect(done.stderr).toContain('waiting until they are done')
})

it('many commands at once on one home all succeed', async () => {
  using dir = tempDir()
  const home = dir.file('home')
  const results = await Promise.all(Array.from({ length: 6 }, () => floe(home, 'points', '--json')))
  expect(results.map(({ status, stderr }) => ({ status, stderr: stderr.replace(/^Other commands.*\n/, '') }))).toEqual(
    results.map(() => ({ status: 0, stderr: '' })),
  )
})

it('an exception that nobody catches ends the stream with `failed`, and the next command takes the backup up', async () => {
  await using world = await slowWorld()
  const trigger = world.dir.file('now')
  const bomb = `import { existsSync } from 'node:fs'
    setInterval(() => { if (existsSync(${JSON.stringify(trigger)})) throw new Error('boom') }, 20).unref()`
  const command = startFloeWith(
    ['--import', `data:text/javascript,${encodeURIComponent(bomb)}`],
    world.home,
    ...world.slowly,
  )
  await isCopying(command)
  writeFileSync(trigger, '')
  const result = await command.finished
  expect(result.status).toBe(2)
  expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'system/unexpected' } })
  expect(readFileSync(`${world.home}/logs/floe.log`, 'utf8')).toContain('boom')
  const server = startFloeCommand(world.home, 'serve', '--json')
  try {
    await shows(server, 'address', () => server.stdout().includes('127.0.0.1'))
    await until(
      async () => {
        const [points] = (await floe(world.home, 'points', '--json')).json() as unknown as [unknown[]]
        return points.length === 1
      },
      'the restore point of the backup that was left',
      90_000,
    )
  } finally {
    server.process.kill('SIGTERM')
    await server.finished
  }
})

it('a reader that closes early does not end the backup, nor make a failure of it', async () => {
  await using world = await slowWorld()
  const command = startFloeCommand(world.home, ...world.slowly)
  await isCopying(command)
  command.process.stdout?.destroy()
  const status = await new Promise((resolve) => command.process.once('exit', resolve))
  expect(status).toBe(0)
  expect((await floe(world.home, 'points', '--json')).json()).toMatchObject([[{ kind: 'full' }]])
})

it('Ctrl-C in the terminal, which all processes of the group hear more than once, cancels a restore cleanly', async () => {
  await using world = await slowWorld()
  const { home, dir } = world
  const made = (await floe(home, 'backup', world.name, '--json')).json().at(-1) as { point: { id: string } }
  mkdirSync(dir.file('new'))
  const restore = startFloeWith(['--no-warnings'], home, 'restore', made.point.id, '--to', dir.file('new'), '--json')
  await shows(restore, 'restoring', () => lastEvent(restore).event === 'progress')
  const group = -(restore.process.pid as number)
  process.kill(group, 'SIGINT')
  process.kill(group, 'SIGINT')
  const result = await restore.finished
  const last = result.json().at(-1)
  // It may have been done already; what must not be is a tool that failed.
  if (result.status === 0) expect(last).toMatchObject({ event: 'finished' })
  else
    expect({ status: result.status, last }).toMatchObject({
      status: 130,
      last: { problem: { code: 'restore/cancelled' } },
    })
})

it('a wrong command line is status 2, with --json as JSON', async () => {
  using dir = tempDir()
  const result = await floe(dir.file('home'), 'backup', '--json')
  expect(result.status).toBe(2)
  expect(result.json()).toMatchObject([{ event: 'failed', problem: { code: 'ipc/invalid-input' } }])
})

it('the built command knows its version wherever out/ is moved', async () => {
  using dir = tempDir()
  const out = fileURLToPath(new URL('../../../out', import.meta.url))
  cpSync(`${out}/floe`, dir.file('moved', 'floe'))
  cpSync(`${out}/command`, dir.file('moved', 'command'), { recursive: true })
  const { version } = JSON.parse(readFileSync(`${out}/../package.json`, 'utf8')) as { version: string }
  expect(await run(dir.file('moved', 'floe'), '--version')).toBe(`floe ${version}\n`)
})

it('output that cannot be written whole is a failure, not a success', async () => {
  using dir = tempDir()
  const program = fileURLToPath(new URL('../../../electron/hosts/floe.ts', import.meta.url))
  const child = spawn('sh', ['-c', '"$0" "$1" help > /dev/full', process.execPath, program], { cwd: dir.path })
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2)
})
