import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import type { Restore } from '../../../shared/domain/restore.ts'
import { openRestoreFloe, restoreWorld, type World } from '../../support/restore-world.ts'

const script = fileURLToPath(new URL('../../support/restore-child.ts', import.meta.url))
const disks = [
  { id: 'vda', format: 'qcow2' },
  { id: 'vdb', format: 'raw' },
] as const

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<{ signal: string | null; code: number | null; output: string }>
}

function start(home: string, kind: 'swap' | 'undo', id: string, crashAt: number): Run {
  const child = spawn(process.execPath, [script, home, kind, id, String(crashAt)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (data) => {
    output += data
  })
  child.stderr?.on('data', (data) => {
    output += data
  })
  const ended = new Promise<Awaited<Run['ended']>>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, output })),
  )
  return { child, ended }
}

/** Starts Floe again and checks what must hold after any crash: all disks of one generation, and nothing lost. */
async function restart(world: World, what: string, kind: 'swap' | 'undo'): Promise<Restore | undefined> {
  const known = readdirSync(homePaths(world.home).restoreJournals, { withFileTypes: true }).length
  await using floe = await openRestoreFloe(world.home)
  await floe.restores.reconcile()
  const newest = floe.restores.restores()[0]
  const now = await Promise.all(disks.map((disk) => world.generation(disk.id)))
  expect(now[0], `${what}: all disks of one time`).toBe(now[1])
  expect(now[0], what).not.toBe('neither')
  const [before, after] = kind === 'swap' ? (['now', 'then'] as const) : (['then', 'now'] as const)
  const finished = newest?.state.kind === 'done' && (kind === 'swap' ? newest.undoes === null : newest.undoes !== null)
  expect(now[0], what).toBe(finished ? after : before)
  expect(newest?.state.kind, what).not.toBe('stuck')
  if (finished) {
    for (const disk of newest?.disks ?? []) {
      expect(await world.generation(disk.diskId, disk.undoPath), `${what}: the undo copy`).toBe(before)
    }
    expect(newest?.undoable, what).toBe(true)
  }
  if (known > 0 && newest?.state.kind === 'rolled-back') expect(newest.state.text, what).toContain('interrupted')
  expect(
    world.files().filter((name) => name.includes('.restoring-')),
    what,
  ).toEqual([])
  await floe.restores.reconcile()
  expect(floe.restores.restores()[0]?.state.kind, `${what}: settled once`).toBe(newest?.state.kind)
  return newest
}

it('a restore that is killed before any of its steps is finished or taken back at the next start', async () => {
  await using world = await restoreWorld(disks)
  const outcomes = new Set<string>()
  for (let crashAt = 0; ; crashAt++) {
    world.reset()
    mkdirSync(homePaths(world.home).restoreJournals, { recursive: true })
    const { code, signal, output } = await start(world.home, 'swap', world.point.id, crashAt).ended
    const last = output.trim().split('\n').at(-1) ?? ''
    const newest = await restart(world, `killed before step ${last}`, 'swap')
    outcomes.add(newest?.state.kind ?? 'nothing')
    if (signal !== 'SIGKILL') {
      expect(code, output).toBe(0)
      expect(crashAt).toBeGreaterThan(12)
      break
    }
  }
  expect([...outcomes].sort()).toEqual(['done', 'nothing', 'rolled-back'])
})

it('an undo that is killed before any of its steps loses neither images nor undo copies', async () => {
  await using world = await restoreWorld(disks)
  for (let crashAt = 0; ; crashAt++) {
    world.reset()
    mkdirSync(homePaths(world.home).restoreJournals, { recursive: true })
    const restore = await swapInProcess(world)
    const { code, signal, output } = await start(world.home, 'undo', restore, crashAt).ended
    const last = output.trim().split('\n').at(-1) ?? ''
    await restart(world, `killed before step ${last}`, 'undo')
    expect(world.files(), last).toHaveLength(4)
    if (signal !== 'SIGKILL') {
      expect(code, output).toBe(0)
      break
    }
  }
})

it('a restore that is killed at any moment is finished or taken back at the next start', async () => {
  await using world = await restoreWorld(disks)
  for (let round = 0; round < 10; round++) {
    world.reset()
    mkdirSync(homePaths(world.home).restoreJournals, { recursive: true })
    const { child, ended } = start(world.home, 'swap', world.point.id, -1)
    const wait = Math.round(Math.random() * 900)
    child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), wait))
    const { output } = await ended
    await restart(world, `killed ${wait} ms after its first step, at ${output.trim().split('\n').at(-1)}`, 'swap')
  }
})

async function swapInProcess(world: World): Promise<string> {
  await using floe = await openRestoreFloe(world.home)
  await floe.done(await floe.restores.swap(world.point.id))
  return floe.restores.restores()[0]?.id ?? ''
}
