import { spawnSync } from 'node:child_process'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startQemu } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import type { RestoreFloe, World } from '../../support/restore-world.ts'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'
import { run } from '../../support/run.ts'

const oneDisk = [{ id: 'vda', format: 'qcow2' }] as const
const rawDisk = [{ id: 'vda', format: 'raw' }] as const

/** Both the list and the click must refuse, and nothing may be touched. */
async function expectRefused(floe: RestoreFloe, world: World, check: string, code: string): Promise<void> {
  const preflight = await floe.restores.preflight(world.point.id)
  expect(preflight.ok).toBe(false)
  expect(preflight.checks.find((row) => row.check === check)).toMatchObject({ result: 'blocked' })
  await expect(floe.restores.swap(world.point.id)).rejects.toMatchObject({ code })
  expect(floe.board.list()).toEqual([])
}

describe('a restore in place is refused', () => {
  it.each([
    ['a qcow2 disk', oneDisk, {}],
    ['a raw disk', rawDisk, {}],
    ['a disk without locks', rawDisk, { locking: 'off' }],
  ] as const)('while the machine runs with %s, also when its QMP socket is busy', async (_, disks, file) => {
    await using world = await restoreWorld(disks)
    const [disk] = disks
    const node = {
      driver: disk.format,
      'node-name': 'n',
      file: { driver: 'file', filename: world.image('vda'), ...file },
    }
    await using qemu = await startQemu({
      args: ['-blockdev', JSON.stringify(node), '-device', 'virtio-blk-pci,drive=n,id=vda'],
    })
    {
      await using floe = await openRestoreFloe(world.home)
      await expectRefused(floe, world, 'machine-off', 'restore/machine-running')
      const row = (await floe.restores.preflight(world.point.id)).checks[0]
      expect(row).toMatchObject({ check: 'machine-off', remedy: 'shut-down-guest' })
      expect(row?.detail).toContain(String(qemu.pid))
    }
    const other = await RawQmp.connect(qemu.qmpPath)
    await using floe = await openRestoreFloe(world.home)
    await expectRefused(floe, world, 'machine-off', 'restore/machine-running')
    other.close()
    expect(world.files()).toHaveLength(1)
  })

  it('when the machine was started between the look and the click', async () => {
    await using world = await restoreWorld(oneDisk)
    await using floe = await openRestoreFloe(world.home)
    expect((await floe.restores.preflight(world.point.id)).ok).toBe(true)
    await using _qemu = await startQemu({ disks: [{ id: 'vda', path: world.image('vda'), format: 'qcow2' }] })
    await expect(floe.restores.swap(world.point.id)).rejects.toMatchObject({ code: 'restore/machine-running' })
    expect(world.files()).toEqual(['vda.qcow2'])
  })

  it('as is its undo, while the machine runs', async () => {
    await using world = await restoreWorld(oneDisk)
    await using floe = await openRestoreFloe(world.home)
    await floe.done(await floe.restores.swap(world.point.id))
    const id = floe.restores.restores()[0]?.id
    if (!id) throw new Error('no restore')
    await using _qemu = await startQemu({ disks: [{ id: 'vda', path: world.image('vda'), format: 'qcow2' }] })
    await expect(floe.restores.undo(id)).rejects.toMatchObject({ code: 'restore/machine-running' })
    const row = (await floe.restores.undoPreflight(id)).checks.find((check) => check.check === 'machine-off')
    expect(row?.result).toBe('blocked')
    expect(world.files()).toHaveLength(2)
  })

  it('when an image is a link or missing', async () => {
    await using world = await restoreWorld(oneDisk)
    await using floe = await openRestoreFloe(world.home)
    const image = world.image('vda')
    renameSync(image, `${image}.real`)
    symlinkSync(`${image}.real`, image)
    await expectRefused(floe, world, 'images', 'restore/image-is-link')
    expect(await world.generation('vda', `${image}.real`)).toBe('now')
    rmSync(image)
    await expectRefused(floe, world, 'images', 'restore/image-missing')
    const row = (await floe.restores.preflight(world.point.id)).checks.find((check) => check.check === 'images')
    expect(row?.remedy).toBe('restore-to-new-image')
  })

  it('when something else builds on an image', async () => {
    await using world = await restoreWorld(oneDisk)
    await using floe = await openRestoreFloe(world.home)
    const overlay = `${world.folder}/overlay.qcow2`
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', world.image('vda'), overlay)
    await expectRefused(floe, world, 'not-shared', 'restore/image-shared')
  })

  it('when a file of the point is missing, naming it', async () => {
    await using world = await restoreWorld(oneDisk)
    await using floe = await openRestoreFloe(world.home)
    const file = world.point.disks[0]?.file ?? ''
    rmSync(`${world.point.path}/${file}`)
    await expectRefused(floe, world, 'point-readable', 'point/file-missing')
    expect((await floe.restores.preflight(world.point.id)).checks.map((row) => row.detail).join(' ')).toContain(file)
  })

  it('when there is no room beside the images', async () => {
    const folder = (await run('mktemp', '-d', '/tmp/fr-full-XXXXXX')).trim()
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'tmpfs', folder])
    try {
      await using world = await restoreWorld([{ ...oneDisk[0], folder }])
      await using floe = await openRestoreFloe(world.home)
      await run('dd', 'if=/dev/zero', `of=${folder}/filler`, 'bs=1M', 'count=5', 'status=none')
      await expectRefused(floe, world, 'space', 'restore/no-space')
    } finally {
      await run('umount', folder)
      rmSync(folder, { recursive: true })
    }
  })
})
