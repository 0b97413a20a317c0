import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { verifyDemoDisk } from '../../../electron/core/demo/verify-disk.ts'
import { floe } from '../cli/floe-command.ts'
import { cliWorld } from './cli-world.ts'
import { leftIn, tool } from './world.ts'

it('a command runs while the instant is held, and its status is that of floe', async () => {
  await using world = await cliWorld()
  const script = 'nbdcopy "$FLOE_EXPORT_URI" "$1" && test -S "$FLOE_EXPORT_SOCKET" && echo "$FLOE_EXPORT_URI_N_DEMO" && exit 7'
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
  const env = { RESTIC_PASSWORD: 'p', RESTIC_REPOSITORY: world.dir.file('restic'), RESTIC_CACHE_DIR: world.dir.file('cache') }
  await tool('restic', ['init', '-q'], env)
  const script = 'set -o pipefail; nbdcopy "$FLOE_EXPORT_URI" - | tee "$COPY" | restic backup -q --stdin --stdin-filename demo.raw'
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
  await tool('sh', ['-c', '"$0" "$1" --home "$2" export "$3" --to-stdout demo > "$4"', process.execPath, program, world.home, world.name, copy])
  const bytes = readFileSync(copy)
  expect(bytes.length % (1 << 20)).toBe(0)
  expect(verifyDemoDisk(bytes)).toMatchObject({ ok: true })
  expect(world.left()).toEqual([])
})
