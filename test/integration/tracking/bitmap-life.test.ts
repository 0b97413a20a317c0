import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { chooseBasis } from '../../../electron/core/tracking/basis.ts'
import { addBitmap } from '../../../electron/core/tracking/commands.ts'
import { setEndMark } from '../../../electron/core/tracking/end-mark.ts'
import { bitmapName } from '../../../electron/core/tracking/naming.ts'
import { readOfflineTracking, readTracking } from '../../../electron/core/tracking/reading.ts'
import { removeAllOf, removeAllOfImages, removeBitmaps, staleBitmaps } from '../../../electron/core/tracking/tidy.ts'
import type { DiskTracking } from '../../../electron/core/tracking/types.ts'
import { DiskId } from '../../../shared/domain/ids.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { diskId, here, node, point, sessionOf, there, trackingOf } from './world.ts'

const ours = bitmapName({ destinationId: here, pointId: point(1), diskId })
const others = bitmapName({ destinationId: there, pointId: point(2), diskId })
const foreign = 'bk-0001'

async function begin(session: QmpSession, name: string, persistent = true): Promise<void> {
  await session.execute('transaction', { actions: [addBitmap(node, { name, persistent })] })
}
const offline = async (path: string) => {
  const found = await readOfflineTracking([{ id: diskId, imagePath: path, format: 'qcow2', backingChain: [] }])
  return found.get(diskId)
}

it('a clean quit and a restart keep what was tracked, and the image of the machine that is off tells it too', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a, b:%.img'), '64M')
  const disks = [{ id: 'd0', path, format: 'qcow2' as const }]
  await using before = await startQemu({ disks })
  await using session = await sessionOf(before)
  await begin(session, ours)
  await before.write('d0', '1M', '100k', 7)
  const known = { name: ours, recording: true, persistent: true, busy: false, inconsistent: false, granularity: 65536 }
  const expected = { diskId, keeps: 'persistent', witness: null, format: 'qcow2' }
  expect(await trackingOf(session)).toEqual({ ...expected, bitmaps: [{ ...known, dirtyBytes: 131072 }] })
  await before.quit()
  expect(await offline(path)).toEqual({ ...expected, bitmaps: [{ ...known, dirtyBytes: 131072 }] })
  await run('qemu-io', '-f', 'qcow2', '-c', 'write 32M 64k', path)
  await using after = await startQemu({ disks })
  await using again = await sessionOf(after)
  await after.write('d0', '8M', '64k', 8)
  expect(await trackingOf(again)).toEqual({ ...expected, bitmaps: [{ ...known, dirtyBytes: 4 * 65536 }] })
})

it('a killed QEMU leaves bitmaps that are inconsistent, and they are removed while the machine runs', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), '64M')
  const disks = [{ id: 'd0', path, format: 'qcow2' as const }]
  await using first = await startQemu({ disks })
  await using session = await sessionOf(first)
  for (const name of [ours, others, foreign]) await begin(session, name)
  await first.quit()
  await using second = await startQemu({ disks })
  await second.kill()
  expect((await offline(path))?.bitmaps).toHaveLength(3)
  for (const bitmap of (await offline(path))?.bitmaps ?? []) {
    expect(bitmap).toMatchObject({ inconsistent: true, recording: false, persistent: true })
  }
  await using third = await startQemu({ disks })
  await using live = await sessionOf(third)
  const tracking = await trackingOf(live)
  for (const bitmap of tracking.bitmaps) {
    expect(bitmap).toMatchObject({ inconsistent: true, recording: false, busy: false, persistent: true, dirtyBytes: 0 })
  }
  expect(await removeBitmaps(live, node, staleBitmaps(tracking, here, new Set()))).toEqual([ours])
  await begin(live, ours)
  await third.write('d0', 0, '64k', 1)
  const healed = (await trackingOf(live)).bitmaps
  expect(new Set(healed.map(({ name }) => name))).toEqual(new Set([ours, others, foreign]))
  expect(healed.find(({ name }) => name === ours)).toMatchObject({ recording: true, dirtyBytes: 65536 })
})

it('raw images, old qcow2 images and data in other files keep bitmaps only while QEMU lives', async () => {
  using dir = tempDir()
  const raw = await createImage(dir.file('raw'), '8M', 'raw')
  const old = dir.file('old')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', old, '8M')
  const split = dir.file('split')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `data_file=${dir.file('data')}`, split, '8M')
  for (const [path, format] of [
    [raw, 'raw'],
    [old, 'qcow2'],
    [split, 'qcow2'],
  ] as const) {
    await using qemu = await startQemu({ disks: [{ id: 'd0', path, format }] })
    await using session = await sessionOf(qemu)
    expect(await trackingOf(session)).toMatchObject({ keeps: 'volatile', bitmaps: [], format })
    await begin(session, ours, false)
    await qemu.write('d0', 0, 512, 1)
    expect((await trackingOf(session)).bitmaps).toMatchObject([{ name: ours, persistent: false, dirtyBytes: 65536 }])
    await qemu.quit()
    const [found] = (await readOfflineTracking([{ id: diskId, imagePath: path, format, backingChain: [] }])).values()
    expect(found).toMatchObject({ keeps: 'volatile', bitmaps: [] })
  }
})

it('two destinations track independently, and bitmaps of others are never touched', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'd0', path, format: 'qcow2' }] })
  await using session = await sessionOf(qemu)
  const next = bitmapName({ destinationId: here, pointId: point(3), diskId })
  for (const name of [foreign, ours]) await begin(session, name)
  await qemu.write('d0', 0, '64k', 1)
  await begin(session, others)
  await qemu.write('d0', '1M', '64k', 1)
  await begin(session, next)
  const counts = async () =>
    Object.fromEntries((await trackingOf(session)).bitmaps.map((each) => [each.name, each.dirtyBytes]))
  expect(await counts()).toEqual({ [foreign]: 131072, [ours]: 131072, [others]: 65536, [next]: 0 })
  const stale = staleBitmaps(await trackingOf(session), here, new Set([next]))
  expect(stale).toEqual([ours])
  expect(await removeBitmaps(session, node, [...stale, 'gone', ...stale])).toEqual([ours])
  expect(await removeBitmaps(session, 'no-such-node', stale)).toEqual([])
  expect(await counts()).toEqual({ [foreign]: 131072, [others]: 65536, [next]: 0 })
  expect(await removeAllOf(session, [{ id: diskId, node }], [there])).toEqual({ removed: 1, all: true })
  expect(await counts()).toEqual({ [foreign]: 131072, [next]: 0 })
  await qemu.quit()
  const disk = { id: diskId, imagePath: path, format: 'qcow2', backingChain: [] }
  expect(await removeAllOfImages([disk], [here, there], { assertOff: async () => {} })).toEqual({
    removed: 1,
    all: true,
  })
  expect((await offline(path))?.bitmaps.map(({ name }) => name)).toEqual([foreign])
})

it('a bitmap that a job reads is passed over, and can be removed when the job is done', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), '64M')
  const target = await createImage(dir.file('t.img'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'd0', path, format: 'qcow2' }] })
  await using session = await sessionOf(qemu)
  await begin(session, ours)
  await qemu.write('d0', 0, '8M', 1)
  const file = { driver: 'file', filename: target }
  await session.execute('blockdev-add', { driver: 'qcow2', 'node-name': 't', file })
  const job = { 'job-id': 'j', device: node, target: 't', sync: 'bitmap', bitmap: ours, 'bitmap-mode': 'never' }
  await session.execute('blockdev-backup', { ...job, speed: 65536 })
  const tracking = await trackingOf(session)
  expect(tracking.bitmaps).toMatchObject([{ name: ours, busy: true }])
  expect(staleBitmaps(tracking, here, new Set())).toEqual([])
  expect(await removeBitmaps(session, node, [ours])).toEqual([])
})

it('the witness follows the backing files, and what cannot be looked at fits nothing', async () => {
  using dir = tempDir()
  const base = await createImage(dir.file('base'), '8M')
  const middle = dir.file('middle')
  const path = dir.file('top')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', middle)
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', middle, '-F', 'qcow2', path)
  const backingChain = [middle, base]
  const witnessNow = async (chain: readonly string[] = backingChain) => {
    await using qemu = await startQemu({ disks: [{ id: 'd0', path, format: 'qcow2' }] })
    await using session = await sessionOf(qemu)
    return (await trackingOf(session, { backingChain: chain })).witness
  }
  const first = await witnessNow()
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(await witnessNow()).toBe(first)
  const [found] = (await readOfflineTracking([{ id: diskId, imagePath: path, format: 'qcow2', backingChain }])).values()
  expect(found?.witness).toBe(first)
  for (const chain of [[], [middle], [middle, dir.file('none')]]) {
    const unsure = await witnessNow(chain)
    expect(unsure).toMatch(/^unsure-/)
    expect(await witnessNow(chain)).not.toBe(unsure)
  }
  await run('qemu-io', '-f', 'qcow2', '-c', 'write 0 64k', base)
  expect(await witnessNow()).not.toBe(first)
})

it('an image that is no image is left out, and a disk without a node is not tracked', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('junk'), 'junk')
  expect(await offline(dir.file('junk'))).toBeUndefined()
  await using qemu = await startQemu({})
  await using session = await sessionOf(qemu)
  for (const missing of ['gone', '']) {
    expect(await trackingOf(session, { node: missing })).toEqual({ diskId, bitmaps: [], keeps: 'none', witness: null })
  }
})

/** What a program does that writes to qcow2 images and knows nothing of bitmaps: it clears the flags it does not know. */
function writeAsStranger(path: string): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(8), 0, 8, 88)
  closeSync(file)
}

it('an image that another program wrote to while the machine was off is not trusted, and one that QEMU’s tools wrote to is', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), '64M')
  const disks = [{ id: 'd0', path, format: 'qcow2' as const }]
  await using first = await startQemu({ disks })
  await using session = await sessionOf(first)
  await begin(session, ours)
  await setEndMark(session, { node, bitmap: { name: ours, persistent: true }, size: 64 << 20 })
  await first.quit()
  const basis = async () => {
    const tracking = await offline(path)
    if (!tracking) throw new Error('not readable')
    const disk = { id: diskId, virtualSize: 64 << 20, bitmap: ours, witness: null, hasIndex: true }
    return chooseBasis({
      disk: { id: diskId, name: 'a.img', virtualSize: 64 << 20 },
      tracking,
      parents: [{ pointId: point(1), createdAt: '2026-01-01T00:00:00Z', disks: [disk] }],
      wished: 'automatic',
      noComparison: null,
    })
  }
  expect(await basis()).toMatchObject({ basis: 'bitmap', dirtyBytes: 0 })
  await run('qemu-io', '-f', 'qcow2', '-c', 'write 32M 64k', '-c', 'discard 40M 64k', path)
  expect(await basis()).toMatchObject({ basis: 'bitmap', dirtyBytes: 131072 })
  writeAsStranger(path)
  expect(await basis()).toMatchObject({ basis: 'comparison', parentId: point(1) })
  await using again = await startQemu({ disks })
  await using live = await sessionOf(again)
  for (const bitmap of (await trackingOf(live)).bitmaps) expect(bitmap.recording).toBe(false)
  const left = (await trackingOf(live)).bitmaps.map(({ name }) => name)
  await removeBitmaps(live, node, left)
  await begin(live, ours)
  await again.write('d0', 0, 512, 1)
  expect((await trackingOf(live)).bitmaps).toMatchObject([{ name: ours, recording: true, dirtyBytes: 65536 }])
})

it('an image that became another disk of the machine does not bring the other’s changes along', async () => {
  using dir = tempDir()
  const paths = [await createImage(dir.file('a.img'), '64M'), await createImage(dir.file('b.img'), '64M')] as const
  const ids = [DiskId.parse('virtio0'), DiskId.parse('virtio1')] as const
  const disksIn = (order: readonly number[]) =>
    order.map((which, at) => ({ id: `d${at}`, path: paths[which] as string, format: 'qcow2' as const }))
  const names = ids.map((id) => bitmapName({ destinationId: here, pointId: point(1), diskId: id }))
  await using before = await startQemu({ disks: disksIn([0, 1]) })
  await using session = await sessionOf(before)
  await session.execute('transaction', {
    actions: names.map((name, at) => addBitmap(`n-d${at}`, { name, persistent: true })),
  })
  for (const [at, name] of names.entries()) {
    await setEndMark(session, { node: `n-d${at}`, bitmap: { name, persistent: true }, size: 64 << 20 })
  }
  await before.quit()
  await using after = await startQemu({ disks: disksIn([1, 0]) })
  await using live = await sessionOf(after)
  const tracked = await readTracking(
    live,
    ids.map((id, at) => ({ id, node: `n-d${at}` })),
  )
  for (const [at, id] of ids.entries()) {
    const parent = { id, virtualSize: 64 << 20, bitmap: names[at] as string, witness: null, hasIndex: true }
    const choice = chooseBasis({
      disk: { id, name: id, virtualSize: 64 << 20 },
      tracking: tracked.get(id) as DiskTracking,
      parents: [{ pointId: point(1), createdAt: '2026-01-01T00:00:00Z', disks: [parent] }],
      wished: 'automatic',
      noComparison: null,
    })
    expect(choice.basis).toBe('comparison')
  }
})
