import { createHash } from 'node:crypto'
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../../shared/domain/job.ts'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'
import { run } from '../../support/run.ts'

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
const twoDisks = [
  { id: 'vda', format: 'qcow2' },
  { id: 'vdb', format: 'raw' },
] as const

describe('a restore in place', () => {
  it('brings every disk back in its own format, owner and mode, and keeps the images of now byte for byte', async () => {
    await using world = await restoreWorld(twoDisks)
    await using floe = await openRestoreFloe(world.home)
    chownSync(world.image('vdb'), 1234, 2345)
    chmodSync(world.image('vdb'), 0o640)
    const before = ['vda', 'vdb'].map((id) => sha256(world.image(id)))
    const preflight = await floe.restores.preflight(world.point.id)
    expect(preflight.ok, JSON.stringify(preflight.checks)).toBe(true)
    expect(preflight.checks.map((check) => check.check)).toEqual([
      'machine-off',
      'images',
      'not-shared',
      'space',
      'point-readable',
      'unsaved-changes',
      'undo-copy',
    ])
    expect(preflight.checks.find((check) => check.check === 'unsaved-changes')).toMatchObject({
      result: 'warning',
      detail: expect.stringMatching(/At most .*\sMB/),
      remedy: 'back-up-first',
    })
    const id = await floe.restores.swap(world.point.id)
    await floe.done(id)
    expect(await world.generation('vda')).toBe('then')
    expect(await world.generation('vdb')).toBe('then')
    const [restore] = floe.restores.restores()
    expect(restore).toMatchObject({ state: { kind: 'done' }, undoable: true, pointId: world.point.id, undoes: null })
    const undoPaths = restore?.disks.map((disk) => disk.undoPath) ?? []
    expect(undoPaths.map(sha256)).toEqual(before)
    expect(undoPaths[0]).toMatch(/\/vda\.undo-\d{4}-\d{4}\.qcow2$/)
    expect(statSync(world.image('vdb'))).toMatchObject({ uid: 1234, gid: 2345, size: 8 << 20 })
    expect(statSync(world.image('vdb')).mode & 0o7777).toBe(0o640)
    const job = floe.board.get(id)
    expect(job).toMatchObject({ progress: { fraction: 1 }, result: { ok: true, restoreId: restore?.id } })
    expect(job.note).toContain('next backup compares its disks with the last restore point and copies what differs')
    expect(floe.activities()[0]).toMatchObject({ level: 'success', machineId: world.machineId, jobId: id })
    const again = await floe.restores.preflight(world.point.id)
    expect(again.checks.find((check) => check.check === 'unsaved-changes')?.result).toBe('ok')
  })

  it('can be undone, and the undo too; an undone one names the restore to use', async () => {
    await using world = await restoreWorld(twoDisks)
    await using floe = await openRestoreFloe(world.home)
    await floe.done(await floe.restores.swap(world.point.id))
    const first = floe.restores.restores()[0]
    if (!first) throw new Error('no restore')
    expect((await floe.restores.undoPreflight(first.id)).ok).toBe(true)
    await floe.done(await floe.restores.undo(first.id))
    expect(await Promise.all(['vda', 'vdb'].map((id) => world.generation(id)))).toEqual(['now', 'now'])
    const second = floe.restores.restores()[0]
    if (!second) throw new Error('no undo')
    expect(second).toMatchObject({ undoes: first.id, state: { kind: 'done' }, undoable: true })
    await expect(floe.restores.undo(first.id)).rejects.toMatchObject({
      code: 'restore/already-undone',
      params: { use: second.id },
      remedy: expect.stringContaining(second.id),
    })
    await floe.done(await floe.restores.undo(second.id))
    expect(await Promise.all(['vda', 'vdb'].map((id) => world.generation(id)))).toEqual(['then', 'then'])
    expect(world.files()).toHaveLength(4)
    await using later = await openRestoreFloe(world.home)
    await later.restores.reconcile()
    expect(later.restores.restores().map((restore) => restore.state.kind)).toEqual(['done', 'undone', 'undone'])
  })

  it('tells its phases, disks and bytes on the way, never going back', async () => {
    await using world = await restoreWorld(twoDisks)
    const told: Job[] = []
    await using floe = await openRestoreFloe(world.home, {
      step: () => told.push(...floe.board.active()),
    })
    await floe.done(await floe.restores.swap(world.point.id))
    const kinds = told.map((job) => job.state.kind)
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1])).toEqual([
      'preparing',
      'copying',
      'checking',
      'finishing',
    ])
    const fractions = told.flatMap((job) => job.progress?.fraction ?? [])
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    const checking = told.find((job) => job.state.kind === 'checking')
    expect(checking?.disks.map((disk) => disk.name)).toEqual(['vda.qcow2', 'vdb.img'])
    expect(checking?.progress).toMatchObject({ doneBytes: 3 << 20, totalBytes: 3 << 20 })
    expect(checking?.phases.map((phase) => phase.state)).toEqual(['done', 'done', 'current', 'todo'])
    expect(told.at(-1)).toMatchObject({ canCancel: false, checked: { doneBytes: 16 << 20, totalBytes: 16 << 20 } })
  })

  it('is not undone when an undo copy was changed or is gone, and touches nothing', async () => {
    await using world = await restoreWorld(twoDisks)
    await using floe = await openRestoreFloe(world.home)
    await floe.done(await floe.restores.swap(world.point.id))
    const restore = floe.restores.restores()[0]
    const undoPath = restore?.disks[1]?.undoPath
    if (!restore || !undoPath) throw new Error('no restore')
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 99 2M 4k', undoPath)
    utimesSync(undoPath, new Date(), new Date(Date.now() - 60_000))
    await expect(floe.restores.undo(restore.id)).rejects.toMatchObject({ code: 'restore/undo-stale' })
    const preflight = await floe.restores.undoPreflight(restore.id)
    expect(preflight.checks.find((check) => check.check === 'undo-copy')?.result).toBe('blocked')
    expect(await world.generation('vda')).toBe('then')
    await using later = await openRestoreFloe(world.home)
    await later.restores.reconcile()
    expect(later.topics.restores.get(restore.id)?.undoable).toBe(false)
  })

  it('works with any path and with disks on other volumes', async () => {
    const folderName = `vm 'a" %, b:c\nd ü 雪`
    const shm = await run('mktemp', '-d', '/dev/shm/floe-XXXXXX')
    const folder = shm.trim()
    try {
      await using world = await restoreWorld([twoDisks[0], { ...twoDisks[1], folder }], { folderName })
      await using floe = await openRestoreFloe(world.home)
      await floe.done(await floe.restores.swap(world.point.id))
      expect(await Promise.all(['vda', 'vdb'].map((id) => world.generation(id)))).toEqual(['then', 'then'])
      expect(statSync(world.folder).dev).not.toBe(statSync(folder).dev)
      expect(readdirSync(dirname(world.image('vdb')))).toHaveLength(2)
    } finally {
      await run('rm', '-r', folder)
    }
  })

  it('keeps the size of a UEFI variable store, and says so when the sizes differ', async () => {
    await using world = await restoreWorld([twoDisks[0], { id: 'vars', format: 'raw', firmware: true }])
    await using floe = await openRestoreFloe(world.home)
    await run('truncate', '-s', '4M', world.image('vars'))
    const preflight = await floe.restores.preflight(world.point.id)
    expect(preflight.checks.find((check) => check.check === 'images')).toMatchObject({ result: 'blocked' })
    await run('truncate', '-s', '8M', world.image('vars'))
    await floe.done(await floe.restores.swap(world.point.id))
    expect(await world.generation('vars')).toBe('then')
    expect(statSync(world.image('vars')).size).toBe(8 << 20)
  })

  it('of a point that was never checked says so, and still proves what it wrote', async () => {
    await using world = await restoreWorld(twoDisks, { check: false })
    await using floe = await openRestoreFloe(world.home)
    const preflight = await floe.restores.preflight(world.point.id)
    expect(preflight.checks.find((check) => check.check === 'point-readable')?.result).toBe('warning')
    await floe.done(await floe.restores.swap(world.point.id))
    expect(await world.generation('vda')).toBe('then')
  })
})
