import { execFileSync } from 'node:child_process'
import { cpSync, linkSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { flipByte } from '../../support/flip-byte.ts'
import { never, noProgress } from '../../support/repository.ts'
import type { RestoreFloe } from '../../support/restore-world.ts'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'

const oneDisk = [{ id: 'vda', format: 'qcow2' }] as const
const row = async (floe: RestoreFloe, id: Parameters<RestoreFloe['restores']['preflight']>[0], check: string) =>
  (await floe.restores.preflight(id)).checks.find((one) => one.check === check)

it('what only the undo copy will have is said before the click, and is still there after it', async () => {
  await using world = await restoreWorld(oneDisk)
  await using floe = await openRestoreFloe(world.home)
  expect(await row(floe, world.point.id, 'undo-copy')).toMatchObject({ result: 'ok' })
  const image = world.image('vda')
  execFileSync('qemu-img', ['snapshot', '-c', 'before upgrade', image])
  execFileSync('qemu-img', ['resize', '-q', image, '16M'])
  linkSync(image, join(dirname(image), 'second-name'))
  const warned = await row(floe, world.point.id, 'undo-copy')
  expect(warned).toMatchObject({ result: 'warning' })
  for (const text of ['1 internal snapshot', 'hard links', 'will be 8.39 MB again']) {
    expect(warned?.detail.replaceAll('\u00a0', ' ')).toContain(text)
  }
  await floe.done(await floe.restores.swap(world.point.id))
  const undo = floe.restores.restores()[0]?.disks[0]?.undoPath ?? ''
  expect(execFileSync('qemu-img', ['snapshot', '-l', undo], { encoding: 'utf8' })).toContain('before upgrade')
})

it('an image with encryption, a backing file or a data file is told as such', async () => {
  await using world = await restoreWorld(oneDisk)
  await using floe = await openRestoreFloe(world.home)
  const image = world.image('vda')
  const secret = ['--object', 'secret,id=s,data=pw']
  const create = (...args: string[]) => {
    rmSync(image)
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...args], { cwd: world.folder })
  }
  create(...secret, '-o', 'encrypt.format=luks,encrypt.key-secret=s', image, '8M')
  expect((await row(floe, world.point.id, 'undo-copy'))?.detail).toContain('restored image will NOT be')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(world.home, 'base.qcow2'), '8M'])
  create('-b', join(world.home, 'base.qcow2'), '-F', 'qcow2', image)
  expect((await row(floe, world.point.id, 'undo-copy'))?.detail).toContain('stands alone')
  create('-o', 'data_file=outside.raw', image, '8M')
  expect((await row(floe, world.point.id, 'undo-copy'))?.detail).toContain('keeps its data in "outside.raw"')
})

it('a damaged newest point does not make anybody believe that everything is in a backup', async () => {
  await using world = await restoreWorld(oneDisk)
  await using floe = await openRestoreFloe(world.home)
  execFileSync('touch', ['-d', '-1 hour', world.image('vda')])
  expect(await row(floe, world.point.id, 'unsaved-changes')).toMatchObject({ result: 'ok' })
  flipByte(`${world.point.path}/${world.point.disks[0]?.file}`, Buffer.alloc(4096, 10))
  await floe.repository.verify(world.point.id, 'content', noProgress, never)
  expect(await row(floe, world.point.id, 'unsaved-changes')).toMatchObject({ result: 'warning' })
})

it('a machine that runs from the image of a restore point is not restored in place', async () => {
  await using world = await restoreWorld(oneDisk)
  const stored = `${world.point.path}/${world.point.disks[0]?.file}`
  const registry = homePaths(world.home).machines
  execFileSync('sed', ['-i', `s#${world.image('vda')}#${stored}#g`, registry])
  cpSync(stored, world.image('vda'))
  await using floe = await openRestoreFloe(world.home)
  expect(await row(floe, world.point.id, 'images')).toMatchObject({ result: 'blocked' })
  await expect(floe.restores.swap(world.point.id)).rejects.toMatchObject({ code: 'restore/image-shared' })
})

it('nothing is restored into the store of a destination, where it would go with a point', async () => {
  await using world = await restoreWorld(oneDisk)
  await using floe = await openRestoreFloe(world.home)
  for (const folder of [world.point.path, dirname(world.point.path), dirname(dirname(world.point.path))]) {
    await expect(floe.restores.toNewImage(world.point.id, folder, 'raw')).rejects.toMatchObject({
      code: 'restore/not-writable',
    })
  }
  const beside = dirname(dirname(dirname(world.point.path)))
  await floe.done(await floe.restores.toNewImage(world.point.id, beside, 'raw'))
})

it('a block device is refused in plain words', async () => {
  await using world = await restoreWorld(oneDisk)
  execFileSync('sed', ['-i', `s#${world.image('vda')}#/dev/loop0#g`, homePaths(world.home).machines])
  await using floe = await openRestoreFloe(world.home)
  const blocked = await row(floe, world.point.id, 'images')
  expect(blocked).toMatchObject({ result: 'blocked', detail: expect.stringContaining('not a plain file') })
})
