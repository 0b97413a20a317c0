import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { PointDifference } from '../../../shared/domain/retention.ts'
import { startDemoGuest, verifyDemoImage } from '../../support/demo-guest.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { type Finished, floe } from './floe-command.ts'

interface PointDocument {
  readonly id: string
  readonly path: string
  readonly kind: string
  readonly basis: string
  readonly adds: number
  readonly parentId: string | null
  readonly disks: readonly { readonly file: string }[]
}

function succeeded(result: Finished): Finished {
  expect(result, `${result.stdout}${result.stderr}`).toMatchObject({ status: 0 })
  return result
}

const last = (result: Finished): Record<string, unknown> => succeeded(result).json().at(-1) ?? {}

const counterOf = async ({ path, disks }: PointDocument) => {
  const copy = await verifyDemoImage(`${path}/${disks[0]?.file}`)
  expect(copy).toMatchObject({ ok: true, problems: [] })
  return copy.counter as number
}

/** A Floe's home with a guest that writes, and a destination. */
async function world(dir: TempDir) {
  const home = dir.file('home')
  mkdirSync(dir.file('backups'))
  const guest = await startDemoGuest({ hidden: true, blocks: 2048, pauseMs: 1 })
  succeeded(await floe(home, 'machine', 'add', '--qmp', guest.qmpPath, '--name', 'demo'))
  succeeded(await floe(home, 'destination', 'add', dir.file('backups'), '--name', 'T7'))
  return { guest, home, run: (...args: string[]) => floe(home, ...args, '--json') }
}

it('a machine is backed up in full, then what changed, which is exported, announced, proven and shown', async () => {
  using dir = tempDir()
  const { guest, home, run } = await world(dir)
  await using _running = guest
  const full = last(await run('backup', 'demo')).point as PointDocument
  expect(full).toMatchObject({ kind: 'full', basis: 'all', parentId: null })
  const then = await counterOf(full)
  await guest.waitFor(then + 20)

  const map = 'nbdinfo --map="$FLOE_EXPORT_SINCE" --json "$FLOE_EXPORT_URI"'
  const since = succeeded(await floe(home, 'export', 'demo', '--since', full.id, '--', 'sh', '-c', map))
  const dirty = (JSON.parse(since.stdout) as { length: number; type: number }[]).filter(({ type }) => type === 1)
  expect(dirty.length).toBeGreaterThan(0)

  const announced = last(await run('backup', 'demo', '--dry-run'))
  expect(announced).toMatchObject({ event: 'preview', preview: { kind: 'incremental', basis: 'bitmap' } })
  const backup = succeeded(await run('backup', 'demo', '--prove')).json()
  expect(backup.some(({ state }) => state === 'proving')).toBe(true)
  const changed = backup.at(-1)?.point as PointDocument
  expect(changed).toMatchObject({
    kind: 'incremental',
    basis: 'bitmap',
    parentId: full.id,
    verification: { level: 'live', ok: true },
  })
  expect(changed.adds).toBeGreaterThan(0)
  expect(await counterOf(changed)).toBeGreaterThan(then)
  expect(await counterOf(full)).toBe(then)

  const difference = last(await run('diff', full.id, changed.id)) as unknown as PointDifference
  const [disk] = difference.disks
  expect(disk?.change).toBe('changed')
  expect(disk?.bytes).toBeGreaterThan(0)
  expect(disk?.bytes).toBe(disk?.ranges.reduce((sum, range) => sum + range.length, 0))

  const whole = last(await run('backup', 'demo', '--full')).point
  expect(whole).toMatchObject({ kind: 'full', basis: 'all', parentId: null })
})

it('points are pinned and pruned; what stays restores the whole machine', async () => {
  using dir = tempDir()
  const { guest, run } = await world(dir)
  await using _running = guest
  mkdirSync(dir.file('new images'))
  const full = last(await run('backup', 'demo')).point as PointDocument
  await guest.waitFor(guest.counter() + 20)
  const changed = last(await run('backup', 'demo')).point as PointDocument
  expect(changed).toMatchObject({ kind: 'incremental', parentId: full.id })
  const counter = await counterOf(changed)

  const prune = ['prune', 'demo', '--keep-last', '1'] as const
  succeeded(await run('pin', full.id))
  expect(last(await run(...prune, '--yes'))).toMatchObject({ event: 'finished', deleted: [] })
  succeeded(await run('unpin', full.id))
  expect((await run(...prune)).status).toBe(2)
  expect(last(await run(...prune, '--dry-run'))).toMatchObject({
    keep: [{ pointId: changed.id }],
    remove: [{ pointId: full.id }],
  })
  expect(last(await run(...prune, '--yes'))).toMatchObject({ event: 'finished', deleted: [full.id] })

  const restored = last(await run('restore', changed.id, '--to', dir.file('new images')))
  const [image] = restored.images as { path: string }[]
  expect((await verifyDemoImage(image?.path ?? '')).counter).toBe(counter)
  const refused = await run('delete', changed.id, '--yes')
  expect(refused.status).toBe(6)
  expect(refused.json().at(-1)).toMatchObject({ problem: { code: 'point/protected' } })
})
