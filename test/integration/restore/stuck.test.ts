import { spawnSync } from 'node:child_process'
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startQemu } from '../../support/qemu.ts'
import { openRestoreFloe, restoreWorld, type World } from '../../support/restore-world.ts'
import { run } from '../../support/run.ts'

const script = fileURLToPath(new URL('../../support/restore-child.ts', import.meta.url))
const disks = [
  { id: 'vda', format: 'qcow2' },
  { id: 'vdb', format: 'raw' },
] as const

/** Kills a restore right before the named step. */
function killBefore(world: World, step: string): void {
  const child = spawnSync(process.execPath, [script, world.home, 'swap', world.point.id, step])
  expect(child.signal, String(child.stderr)).toBe('SIGKILL')
}

const undoCopies = (world: World) => readdirSync(world.folder).filter((name) => name.includes('.undo-'))

describe('a restore that was killed between its two renames', () => {
  it('is finished at the next start, and says so once', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    expect(await Promise.all(disks.map(({ id }) => world.generation(id)))).toEqual(['then', 'now'])
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    await floe.restores.reconcile()
    expect(await Promise.all(disks.map(({ id }) => world.generation(id)))).toEqual(['then', 'then'])
    expect(floe.restores.restores()[0]).toMatchObject({ state: { kind: 'done' }, undoable: true })
    expect(floe.activities().map((entry) => entry.text)).toEqual([expect.stringContaining('is complete now')])
  })

  it('is taken back when the other image is gone', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    for (const name of world.files()) if (name.startsWith('vdb.img.restoring-')) rmSync(`${world.folder}/${name}`)
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    expect(await Promise.all(disks.map(({ id }) => world.generation(id)))).toEqual(['now', 'now'])
    expect(world.files()).toEqual(['vda.qcow2', 'vdb.img'])
    expect(floe.restores.restores()[0]).toMatchObject({ state: { kind: 'rolled-back' }, undoable: false })
  })

  it('is taken back when the other image can’t be renamed', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    const image = world.image('vdb')
    await run('mount', '--bind', image, image)
    try {
      await using floe = await openRestoreFloe(world.home)
      await floe.restores.reconcile()
      expect(floe.restores.restores()[0]?.state.kind).toBe('rolled-back')
    } finally {
      await run('umount', image)
    }
    expect(await Promise.all(disks.map(({ id }) => world.generation(id)))).toEqual(['now', 'now'])
    expect(world.files()).toEqual(['vda.qcow2', 'vdb.img'])
  })

  it('waits for a drive that is not connected, and is settled when it is back', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    renameSync(world.folder, `${world.folder}-unplugged`)
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    expect(floe.restores.restores()).toEqual([])
    expect(floe.activities()[0]).toMatchObject({ level: 'problem', text: expect.stringContaining('is not there now') })
    renameSync(`${world.folder}-unplugged`, world.folder)
    await floe.restores.preflight(world.point.id)
    expect(await Promise.all(disks.map(({ id }) => world.generation(id)))).toEqual(['then', 'then'])
    expect(floe.restores.restores()[0]).toMatchObject({ state: { kind: 'done' }, undoable: true })
  })

  it('needs a person when the machine runs with mixed disks, and nothing is deleted', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    const before = world.files()
    await using _qemu = await startQemu({
      disks: disks.map(({ id, format }) => ({ id, format, path: world.image(id) })),
    })
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    const [restore] = floe.restores.restores()
    expect(restore?.state).toMatchObject({ kind: 'stuck', text: expect.stringContaining('in use') })
    expect(floe.activities()[0]).toMatchObject({ level: 'problem', text: expect.stringContaining(world.image('vda')) })
    expect(world.files()).toEqual(before)
    expect(undoCopies(world)).toHaveLength(2)
    if (restore) await expect(floe.restores.undo(restore.id)).rejects.toMatchObject({ code: 'restore/undo-stale' })
  })

  it('needs a person when somebody wrote to an image since', async () => {
    await using world = await restoreWorld(disks)
    killBefore(world, 'rename-1')
    const before = world.files()
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 77 2M 64k', world.image('vdb'))
    await run('touch', '-d', '+1 minute', world.image('vdb'))
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    expect(floe.restores.restores()[0]?.state).toMatchObject({
      kind: 'stuck',
      text: expect.stringContaining('written to since'),
    })
    expect(world.files()).toEqual(before)
  })
})
