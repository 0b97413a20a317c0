import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { difference } from '../../support/qemu.ts'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'
import { tempDir } from '../../support/temp.ts'

const disks = [
  { id: 'vda', format: 'qcow2' },
  { id: 'vdb', format: 'raw' },
] as const

describe('a restore to new images', () => {
  it.each(['qcow2', 'raw'] as const)('makes %s images with the content of the point', async (format) => {
    await using world = await restoreWorld(disks)
    await using floe = await openRestoreFloe(world.home)
    using target = tempDir(`t ,:%'"é-`)
    const id = await floe.restores.toNewImage(world.point.id, target.path, format)
    await floe.done(id)
    const images = floe.board.get(id).result?.images ?? []
    expect(images.map((image) => image.disk)).toEqual(['vda', 'vdb'])
    expect(readdirSync(target.path).sort()).toEqual(images.map((image) => image.path.split('/').at(-1)).sort())
    for (const [index, { path }] of images.entries()) {
      expect(path).toMatch(new RegExp(`/debian-dev-vd[ab]-\\d{8}T\\d{6}Z\\.${format}$`))
      const source = join(world.point.path, world.point.disks[index]?.file ?? '')
      expect(await difference(source, path, { a: 'qcow2', b: format })).toBeNull()
    }
    expect(await world.generation('vda')).toBe('now')
    await expect(floe.restores.toNewImage(world.point.id, target.path, format)).rejects.toMatchObject({
      code: 'restore/target-exists',
    })
  })

  it('is refused where there is no folder', async () => {
    await using world = await restoreWorld(disks)
    await using floe = await openRestoreFloe(world.home)
    using target = tempDir()
    writeFileSync(target.file('file'), '')
    for (const path of [target.file('none'), target.file('file')]) {
      await expect(floe.restores.toNewImage(world.point.id, path, 'raw')).rejects.toMatchObject({
        code: 'restore/target-not-a-folder',
        message: expect.stringContaining(path),
      })
    }
  })

  it.each(['build-0', 'build-1'])('leaves nothing behind when it is cancelled at %s', async (when) => {
    await using world = await restoreWorld(disks)
    using target = tempDir()
    await using floe = await openRestoreFloe(world.home, {
      step: (name) => {
        const [job] = floe.board.active()
        if (name === when && job) void floe.board.cancel(job.id)
      },
    })
    const job = await floe.board.whenFinal(await floe.restores.toNewImage(world.point.id, target.path, 'raw'))
    expect(job.state.kind).toBe('cancelled')
    expect(readdirSync(target.path)).toEqual([])
    expect(readdirSync(homePaths(world.home).restoreJournals)).toEqual([])
  })

  it('overwrites nothing that appears while it builds, and takes its other images away again', async () => {
    await using world = await restoreWorld(disks)
    using target = tempDir()
    let names = 0
    await using floe = await openRestoreFloe(world.home, {
      step: (name) => {
        if (name !== 'name') return
        names += 1
        const first = readdirSync(target.path).find((file) => file.includes('-vda-'))
        if (names === 2 && first) writeFileSync(target.file(first.replace('-vda-', '-vdb-')), 'mine')
      },
    })
    const job = await floe.board.whenFinal(await floe.restores.toNewImage(world.point.id, target.path, 'raw'))
    expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'restore/target-exists' } })
    expect(readdirSync(target.path)).toHaveLength(1)
  })

  it('is cleared away at the next start when it was interrupted', async () => {
    await using world = await restoreWorld(disks)
    using target = tempDir()
    const partial = target.file('.floe-abcdefghijkl-0.partial')
    writeFileSync(partial, 'half')
    const record = { jobId: 'abcdefghijkl', machineName: 'debian dev', temporaryPaths: [partial] }
    const { writeJson } = await import('../../../electron/core/home/json-file.ts')
    await writeJson(join(homePaths(world.home).restoreJournals, 'new-abcdefghijkl.json'), 1, record)
    await using floe = await openRestoreFloe(world.home)
    await floe.restores.reconcile()
    expect(readdirSync(target.path)).toEqual([])
    expect(floe.activities()[0]?.text).toContain('interrupted')
  })
})
