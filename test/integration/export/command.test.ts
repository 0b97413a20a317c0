import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { verifyDemoDisk } from '../../../electron/core/demo/verify-disk.ts'
import { until } from '../../support/run.ts'
import { floe, startFloeCommand } from '../cli/floe-command.ts'
import { shows } from '../cli/slow-world.ts'
import { cliWorld } from './cli-world.ts'
import { leftIn, tool } from './world.ts'

it('a command runs while the instant is held, and its status is that of floe', async () => {
  await using world = await cliWorld()
  const script =
    'nbdcopy "$FLOE_EXPORT_URI" "$1" && test -S "$FLOE_EXPORT_SOCKET" && echo "$FLOE_EXPORT_URI_N_DEMO" && exit 7'
  const copy = world.dir.file('copy.raw')
  const result = await floe(world.home, 'export', world.name, '--', 'sh', '-c', script, 'sh', copy)
  expect(result.stderr).toContain('The command ended with status 7.')
  expect(result.status).toBe(7)
  expect(result.stdout).toMatch(/^nbd\+unix:\/\/\/n-demo\?socket=\S+\n$/)
  expect(verifyDemoDisk(readFileSync(copy))).toMatchObject({ ok: true })
  expect(await leftIn(world.guest.monitor)).toEqual([])
  expect(world.left()).toEqual([])
  await world.guest.waitFor(world.guest.counter() + 3)
})

it('restic stores the instant and gives it back byte for byte', async () => {
  await using world = await cliWorld()
  const env = {
    RESTIC_PASSWORD: 'p',
    RESTIC_REPOSITORY: world.dir.file('restic'),
    RESTIC_CACHE_DIR: world.dir.file('cache'),
  }
  await tool('restic', ['init', '-q'], env)
  const script =
    'set -o pipefail; nbdcopy "$FLOE_EXPORT_URI" - | tee "$COPY" | restic backup -q --stdin --stdin-filename demo.raw'
  const copy = world.dir.file('copy.raw')
  Object.assign(process.env, env, { COPY: copy })
  const result = await floe(world.home, 'export', world.name, '--', 'bash', '-c', script)
  expect(result).toMatchObject({ status: 0 })
  await tool('restic', ['restore', '-q', 'latest', '--target', world.dir.file('back')], env)
  const back = readFileSync(world.dir.file('back', 'demo.raw'))
  expect(verifyDemoDisk(back)).toMatchObject({ ok: true })
  expect(back.equals(readFileSync(copy))).toBe(true)
  expect(await leftIn(world.guest.monitor)).toEqual([])
})

it('--to-stdout writes the disk, and nothing else, to standard output', async () => {
  await using world = await cliWorld()
  const copy = world.dir.file('copy.raw')
  const program = new URL('../../../electron/hosts/floe.ts', import.meta.url).pathname
  await tool('sh', [
    '-c',
    '"$0" "$1" --home "$2" export "$3" --to-stdout demo > "$4"',
    process.execPath,
    program,
    world.home,
    world.name,
    copy,
  ])
  const bytes = readFileSync(copy)
  expect(bytes.length % (1 << 20)).toBe(0)
  expect(verifyDemoDisk(bytes)).toMatchObject({ ok: true })
  expect(world.left()).toEqual([])
})

it('through a Floe that runs already: killed with SIGKILL, the command ends with what it runs, and the export goes', async () => {
  await using world = await cliWorld()
  const server = startFloeCommand(world.home, 'serve', '--json')
  try {
    await shows(server, 'address', () => server.stdout().includes('127.0.0.1'))
    const pidFile = world.dir.file('pid')
    const holder = startFloeCommand(
      world.home,
      'export',
      world.name,
      '--',
      'sh',
      '-c',
      'echo $$ > "$0"; sleep 600',
      pidFile,
    )
    const pid = await until(
      () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0),
      'the command',
      60_000,
    )
    expect((await leftIn(world.guest.monitor)).length).toBeGreaterThan(0)
    holder.process.kill('SIGKILL')
    await until(() => isGone(-pid), 'the end of the command', 10_000)
    await until(async () => (await leftIn(world.guest.monitor)).length === 0, 'the end of the export', 30_000)
    await until(() => world.left().length === 0, 'the end of its files')
    const reader = startFloeCommand(world.home, 'export', world.name, '--to-stdout', 'demo')
    reader.process.stdout?.once('data', () => reader.process.stdout?.destroy())
    const result = await reader.finished
    expect(result).toMatchObject({ status: 5 })
    expect(result.stderr).toContain('stopped reading before its end')
    expect(await leftIn(world.guest.monitor)).toEqual([])
    const broken = startFloeCommand(world.home, 'export', world.name, '--json', '--', 'sleep', '600')
    await shows(broken, 'holding', () => broken.stdout().includes('"holding"'))
    await world.guest.kill()
    const failed = await broken.finished
    expect(failed).toMatchObject({ status: 5 })
    expect(failed.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'export/ended' } })
    expect(world.left()).toEqual([])
  } finally {
    server.process.kill('SIGTERM')
    await server.finished
  }
})

it('on its own: killed with SIGKILL, what it left is taken down by the next command', async () => {
  await using world = await cliWorld()
  const holder = startFloeCommand(world.home, 'export', world.name, '--json')
  await shows(holder, 'holding', () => holder.stdout().includes('"holding"'))
  holder.process.kill('SIGKILL')
  await holder.finished
  expect((await leftIn(world.guest.monitor)).length).toBeGreaterThan(0)
  expect((await floe(world.home, 'export', world.name, '--', 'true')).status).toBe(0)
  expect(await leftIn(world.guest.monitor)).toEqual([])
  expect(world.left()).toEqual([])
  await world.guest.waitFor(world.guest.counter() + 3)
})

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
