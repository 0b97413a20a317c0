import { copyFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compareInstant, readInstant } from '../../../electron/core/comparison/compare.ts'
import { aligned, extentsOf } from '../../../electron/core/extents/extents.ts'
import { insertionOf } from '../../../electron/core/instant/commands.ts'
import { readImageBitmap } from '../../../electron/core/nbd/bitmap.ts'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { computeContentIndex } from '../../../electron/core/repository/content-index/compute.ts'
import { chunkSize } from '../../../electron/core/repository/content-index/format.ts'
import { addBitmap, bitmapGranularity, borrowBitmap } from '../../../electron/core/tracking/commands.ts'
import { markExtents, readMarks, removeMarks } from '../../../electron/core/tracking/marking.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { never, noProgress, repositoryPorts } from '../../support/repository.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { diskId, mebibyte, node, sessionOf, trackingOf } from '../tracking/world.ts'

const ports = repositoryPorts()
const size = 96 * mebibyte + 65536
const indexOf = async (path: string) =>
  (await computeContentIndex(ports, { path, format: 'qcow2' }, noProgress, never)).index
const marks = { size, bitmap: { node: 'marks', name: 'differs' } }

/** The disk's instant, kept by the filter and served under the disk's name. */
async function keepInstant(qemu: TestQemu, session: QmpSession, dir: TempDir, scratchFull = false) {
  const scratchPath = await createImage(dir.file('scratch'), size)
  const image = { driver: 'file', filename: scratchPath }
  const full = { driver: 'blkdebug', image, 'inject-error': [{ event: 'write_aio', errno: 28 }] }
  const file = scratchFull ? full : image
  await session.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'scratch', file })
  const disk = {
    id: diskId,
    device: '/machine/peripheral/d0/virtio-backend',
    rootNode: node,
    filterNode: 'filter',
    scratchNode: 'scratch',
    scratchPath,
    snapshotNode: 'snapshot',
    sizeGuardNode: 'guard',
    virtualSize: size,
  }
  for (const command of insertionOf([disk])) await session.execute(command.execute, command.arguments)
  const socketPath = qemu.dir.file('nbd')
  await session.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socketPath } } })
  await session.execute('block-export-add', { type: 'nbd', id: 'e', 'node-name': 'snapshot', name: 'd0' })
  return { socketPath, exportName: 'd0' }
}

/** A guest that writes somewhere all the time. */
function busyGuest(qemu: TestQemu): AsyncDisposable {
  let going = true
  const work = (async () => {
    for (let round = 1; going; round += 1) {
      await qemu.write('d0', ((round * 7) % 96) * mebibyte + (round % 15) * 65536, 65536, (round % 250) + 1)
    }
  })()
  return {
    [Symbol.asyncDispose]: async () => {
      going = false
      await work
    },
  }
}

async function copied(session: QmpSession, target: string, bitmap: { node: string; name: string }) {
  const file = { driver: 'file', filename: target }
  await session.execute('blockdev-add', { driver: 'qcow2', 'node-name': 't', backing: null, file })
  const written = { node: 't', name: 'written', persistent: true, granularity: bitmapGranularity }
  await session.execute('block-dirty-bitmap-add', written)
  const to = { node: 'snapshot', name: 'job' }
  const backup = { 'job-id': 'j', device: 'snapshot', target: 't', sync: 'bitmap', bitmap: to.name }
  await session.execute('transaction', {
    actions: [
      ...borrowBitmap({ from: bitmap, to }),
      {
        type: 'blockdev-backup',
        data: { ...backup, 'bitmap-mode': 'never', 'auto-dismiss': false, 'x-perf': { 'max-chunk': 65536 } },
      },
    ],
  })
  const job = await until(async () => {
    const jobs = await session.execute<{ id: string; status: string; error?: string }[]>('query-jobs')
    return jobs.find(({ id, status }) => id === 'j' && status === 'concluded')
  }, 'the copy')
  expect(job.error).toBeUndefined()
  await session.execute('job-dismiss', { id: 'j' })
  await session.execute('blockdev-del', { 'node-name': 't' })
}

it('where tracking was lost, a busy guest’s instant is read, and only what differs from the point is copied', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), size)
  const disks = [{ id: 'd0', path, format: 'qcow2' as const }]
  await using first = await startQemu({ disks })
  await first.write('d0', 0, '40M', 3)
  await first.write('d0', '90M', '6M', 4)
  await first.flush('d0')
  await first.kill()
  const parent = dir.file('parent.qcow2')
  await run('qemu-img', 'convert', '-O', 'qcow2', path, parent)
  const target = dir.file('target.qcow2')
  copyFileSync(parent, target)

  await using qemu = await startQemu({ disks })
  await using session = await sessionOf(qemu)
  await qemu.write('d0', 5 * mebibyte + 1000, 512, 9)
  await qemu.write('d0', '10M', '64k', 3)
  await qemu.write('d0', 20 * mebibyte - 512, 1024, 9)
  await qemu.write('d0', '60M', '3M', 9)
  await qemu.write('d0', '80M', '64k', 9)
  await qemu.write('d0', '92M', '1M', 0)
  await qemu.write('d0', size - 512, 512, 9)
  await qemu.flush('d0')
  const expected = dir.file('expected.qcow2')
  await run('qemu-img', 'convert', '-U', '-O', 'qcow2', path, expected)

  const instant = await keepInstant(qemu, session, dir)
  const begin = addBitmap(node, { name: 'new', persistent: true })
  await session.execute(begin.type, begin.data)
  const told: number[][] = []
  const tell = (...step: number[]) => told.push(step)
  const changedSince = () => readMarks(session, { node, name: 'new' }, marks, instant.socketPath)
  expect(await readInstant(ports, { ...instant, changedSince }, tell, never)).toEqual(await indexOf(expected))
  const total = told.at(-1)?.[1] as number
  expect(told.at(-1)).toEqual([total, total])
  expect(total).toBeLessThan(60 * mebibyte)
  // What the guest zeroes after the instant counts as empty for QEMU 7.2, although it was data then.
  for (const at of ['3M', '80M', '95M']) {
    await qemu.monitor.hmp(`qemu-io -d /machine/peripheral/d0/virtio-backend "write -z ${at} 64k"`)
  }
  expect(await readInstant(ports, { ...instant, changedSince }, tell, never)).toEqual(await indexOf(expected))
  const chunks = [5, 19, 20, 60, 61, 62, 80, 92, 96]
  const differing = extentsOf(chunks.map((chunk) => ({ offset: chunk * chunkSize, length: 1 })))
  {
    await using _guest = busyGuest(qemu)
    const whole = await readInstant(ports, instant, noProgress, never)
    expect(whole).toEqual(await indexOf(expected))
    const found = await compareInstant(ports, { ...instant, changedSince }, await indexOf(parent), noProgress, never)
    expect(found.index).toEqual(whole)
    expect(found.differing).toEqual(aligned(differing, chunkSize, size))
    await markExtents(session, marks, found.differing, instant.socketPath)
    await copied(session, target, marks.bitmap)
  }
  await removeMarks(session, [marks])
  await removeMarks(session, [marks])
  const tracking = await trackingOf(session)
  expect(tracking.bitmaps).toMatchObject([{ name: 'new', recording: true }])
  expect(tracking.bitmaps[0]?.dirtyBytes).toBeGreaterThan(0)
  await qemu.quit()
  expect(await difference(target, expected)).toBeNull()
  expect(await readImageBitmap(target, 'written')).toEqual(aligned(differing, chunkSize, size))
})

it('marks exactly what it is told, of disks larger than one request, and again after it was cut off', async () => {
  await using qemu = await startQemu()
  await using session = await sessionOf(qemu)
  const socketPath = qemu.dir.file('nbd')
  await session.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socketPath } } })
  const large = { size: 40 * 1024 * mebibyte + 512, bitmap: { node: 'marks', name: 'differs' } }
  const scattered = Array.from({ length: 3000 }, (_, at) => ({ offset: at * 5 * mebibyte, length: mebibyte }))
  const extents = extentsOf([
    ...scattered,
    { offset: 20 * 1024 * mebibyte, length: 3 * 1024 * mebibyte + 5 },
    { offset: 40 * 1024 * mebibyte, length: 512 },
  ])
  await expect(markExtents(session, large, extents, `${socketPath}-wrong`)).rejects.toThrow('connect')
  for (const wanted of [extents, [], extents]) {
    await markExtents(session, large, wanted, socketPath)
    expect(await session.execute('query-block-exports')).toEqual([])
    await session.execute('block-dirty-bitmap-disable', { node: large.bitmap.node, name: large.bitmap.name })
    const served = { type: 'nbd', id: 'check', 'node-name': large.bitmap.node, name: 'check' }
    await session.execute('block-export-add', { ...served, bitmaps: [large.bitmap.name] })
    const client = await NbdClient.connect(socketPath, { exportName: 'check', dirtyBitmap: large.bitmap.name })
    expect(await client.dirtyExtents(0, large.size)).toEqual(aligned(wanted, bitmapGranularity, large.size))
    client.close()
    await session.execute('block-export-del', { id: 'check', mode: 'hard' })
  }
  await removeMarks(session, [large])
  expect(await session.execute('query-named-block-nodes')).toEqual([])
})

it('an instant that QEMU gave up is an error and never a comparison', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), size)
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 0 20M', path)
  const parent = await indexOf(path)
  await using qemu = await startQemu({ disks: [{ id: 'd0', path, format: 'qcow2' }] })
  await using session = await sessionOf(qemu)
  const instant = await keepInstant(qemu, session, dir, true)
  expect((await compareInstant(ports, instant, parent, noProgress, never)).differing).toEqual([])
  let broken: Promise<void> | null = null
  const whileReading = () => {
    broken ??= qemu.write('d0', '7M', '64k', 9)
  }
  for (const tell of [whileReading, noProgress]) {
    const comparison = compareInstant(ports, instant, parent, tell, never)
    const ended = await comparison.then(
      ({ differing }) => differing,
      (error: unknown) => error,
    )
    // Lost only after everything was read, it was what it was; the next one cannot be read at all.
    if (tell === noProgress || !Array.isArray(ended)) expect(ended).toMatchObject({ code: 'backup/snapshot-lost' })
    else expect(ended).toEqual([])
    await broken
  }
})

it('a disk of another size is not compared, and a reading that ends early is an error', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.img'), size)
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 0 20M', path)
  const parent = await indexOf(path)
  await using qemu = await startQemu({ disks: [{ id: 'd0', path, format: 'qcow2' }] })
  await using session = await sessionOf(qemu)
  const instant = await keepInstant(qemu, session, dir)
  const smaller = { ...parent, virtualSize: size - 512 }
  await expect(compareInstant(ports, instant, smaller, noProgress, never)).rejects.toMatchObject({
    code: 'backup/parent-lost',
  })
  await expect(
    compareInstant(ports, { ...instant, exportName: 'none' }, parent, noProgress, never),
  ).rejects.toMatchObject({ code: 'backup/read-error' })
  await expect(compareInstant(ports, instant, parent, noProgress, AbortSignal.abort())).rejects.toMatchObject({
    code: 'system/interrupted',
  })
  await qemu.kill()
  await expect(compareInstant(ports, instant, parent, noProgress, never)).rejects.toMatchObject({
    code: 'backup/read-error',
  })
})
