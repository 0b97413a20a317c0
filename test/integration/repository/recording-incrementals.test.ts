import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeImage } from '../../../electron/core/repository/making-images.ts'
import { readManifest } from '../../../electron/core/repository/manifest.ts'
import { pointFolder } from '../../../electron/core/repository/names.ts'
import { seal } from '../../../electron/core/repository/sealed-json.ts'
import { cloneVolume } from '../../support/clone-volume.ts'
import { failingTools } from '../../support/failing-tools.ts'
import { addIncremental, beginIncremental, copyInto, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'

const kiB = 1024
const first: readonly Write[] = [{ offset: 0, length: 512 * kiB }]
const second: readonly Write[] = [{ offset: 128 * kiB, length: 64 * kiB }]
const image = 'disk-vda.qcow2'

/** A destination with one full point of a disk, and what the second point is to hold written into the disk. */
async function withParent(test: TestRepository, folder: string, disk: TestDisk) {
  const destination = await test.repository.addDestination(folder, null)
  const machineId = newMachineId()
  disk.write(first)
  const parent = await addIncremental(test.repository, destination, disk, { machineId, parentId: null, writes: first })
  const kept = disk.keep('first')
  disk.write(second)
  const wish = { machineId, parentId: parent.id, writes: second }
  return { destination, machineId, parent, wish, kept }
}

const compare = (path: string, raw: string) =>
  execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', path, raw], { stdio: 'pipe' })

/** Bytes of the file past what the image's tables mention. */
function tailOf(path: string): number {
  const report = JSON.parse(execFileSync('qemu-img', ['check', '--output=json', path], { encoding: 'utf8' }))
  return lstatSync(path).size - report['image-end-offset']
}

/** The manifest changed by somebody who knows how to seal it. */
function rewrite(folder: string, change: (manifest: { disks: Record<string, unknown>[] }) => void): void {
  const path = join(folder, 'manifest.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  change(manifest)
  writeFileSync(path, seal(manifest))
}

describe('recording an incremental goes on after a failure', () => {
  it.each([
    { what: 'reading the image', call: 1, when: 'before' },
    { what: 'reading the bitmap', call: 2, when: 'before' },
    { what: 'removing the bitmap', call: 3, when: 'before' },
    { what: 'the bitmap was removed', call: 3, when: 'after' },
    { what: 'trimming the image', call: 4, when: 'before' },
  ] as const)('$when $what', async ({ call, when }) => {
    using tools = failingTools()
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    const env = { ...process.env, FLOE_QEMU_DIR: tools.folder }
    await using test = await testRepository({ env })
    const { repository } = test
    const { destination, wish } = await withParent(test, place.path, disk)
    const { partial, facts } = await beginIncremental(repository, destination, disk, wish)
    tools.fail(call, when)
    await expect(repository.record(partial, facts)).rejects.toMatchObject({
      code: expect.stringMatching(/^(backup|system)\//),
    })
    tools.fail(null, 'before')
    if (when === 'after' || call === 4) {
      const taken = await repository.findPartial(destination.id, partial.pointId)
      expect(tailOf(taken?.imagePath(disk.id) ?? '')).toBeLessThanOrEqual(0)
    }
    const point = await repository.record(partial, facts)
    expect(point.unreadable).toBeNull()
    expect(await repository.copied(point.id, disk.id)).toEqual(second)
    compare(join(point.path, image), disk.path)
    expect(tailOf(join(point.path, image))).toBeLessThanOrEqual(0)
    const info = execFileSync('qemu-img', ['info', join(point.path, image)], { encoding: 'utf8' })
    expect(info).not.toContain('floe-written')
  })

  it('of counting the zeroes in a clone, which then count like data', async () => {
    using tools = failingTools()
    using place = cloneVolume('xfs')
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository({ env: { ...process.env, FLOE_QEMU_DIR: tools.folder } })
    const { destination, wish } = await withParent(test, place.path, disk)
    const zeroes = { ...wish, writes: second.map((write) => ({ ...write, zero: true })) }
    const bytes: number[] = []
    for (const call of [null, 5]) {
      const { partial, facts } = await beginIncremental(test.repository, destination, disk, zeroes)
      tools.fail(call, 'before')
      const point = await test.repository.record(partial, facts)
      tools.fail(null, 'before')
      expect(point).toMatchObject({ storage: 'clone', unreadable: null })
      bytes.push(point.bytes)
    }
    expect(bytes[1]).toBe((bytes[0] ?? 0) + 64 * kiB)
  })

  it('between the manifest and the final name, and after it', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { repository } = test
    const { destination, wish } = await withParent(test, place.path, disk)
    const { partial, facts } = await beginIncremental(repository, destination, disk, wish)
    const inTheWay = join(dirname(partial.folder), pointFolder(facts.createdAt, partial.pointId))
    mkdirSync(inTheWay)
    await expect(repository.record(partial, facts)).rejects.toMatchObject({ code: 'backup/not-recorded' })
    expect(existsSync(join(partial.folder, 'manifest.json'))).toBe(true)
    rmSync(inTheWay, { recursive: true })
    writeFileSync(join(partial.folder, '.disk-vda.copied.0123456789ab.tmp'), 'torn')
    const point = await repository.record(partial, facts)
    expect(await repository.record(partial, facts)).toEqual(point)
    expect(readdirSync(point.path).sort()).toEqual(['RESTORE.txt', 'disk-vda.copied', image, 'manifest.json'].sort())
    expect(point).toMatchObject({ storage: 'chain', kind: 'incremental', needs: [wish.parentId], adds: 64 * kiB })
  })
})

describe('what a backup builds upon', () => {
  it('stays until the point is recorded or discarded, after a restart of Floe too', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { destination, wish, parent } = await withParent(test, place.path, disk)
    const { partial } = await beginIncremental(test.repository, destination, disk, wish)
    await expect(test.repository.deletePoint(parent.id)).rejects.toMatchObject({ code: 'point/in-use' })
    await using again = await testRepository({}, test.home.file('destinations.json'), test.homeId)
    const found = await again.repository.findPartial(destination.id, partial.pointId)
    expect(found?.folder).toBe(partial.folder)
    await expect(again.repository.deletePoint(parent.id)).rejects.toMatchObject({ code: 'point/in-use' })
    if (found) await again.repository.discard(found)
    expect(await again.repository.deletePoint(parent.id)).toMatchObject({ freedBytes: expect.any(Number) })
  })

  it('is lost when it is gone, damaged, of another size or without the disk', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { repository } = test
    const { destination, wish, parent } = await withParent(test, place.path, disk)
    const { partial } = await beginIncremental(repository, destination, disk, wish)
    const lost = { code: 'backup/parent-lost', remedy: expect.stringMatching(/^Back up again: /) }
    const ask = { id: disk.id, virtualSize: disk.virtualSize, parentId: parent.id }
    await expect(repository.makeImage(partial, { ...ask, virtualSize: 2 << 20 })).rejects.toMatchObject(lost)
    await expect(repository.makeImage(partial, { ...ask, id: 'vdb' as typeof disk.id })).rejects.toMatchObject(lost)
    writeFileSync(join(parent.path, image), 'short')
    await expect(repository.makeImage(partial, ask)).rejects.toMatchObject(lost)
    rmSync(parent.path, { recursive: true })
    await expect(repository.makeImage(partial, ask)).rejects.toMatchObject(lost)
    await repository.refresh()
    await expect(repository.makeImage(partial, ask)).rejects.toMatchObject(lost)
    await expect(beginIncremental(repository, destination, disk, wish)).rejects.toMatchObject(lost)
    expect(repository.parents(wish.machineId, destination.id)).toEqual([])
  })

  it('is missed when an overlay is recorded, and nothing is called a point', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { destination, wish, parent } = await withParent(test, place.path, disk)
    const { partial, facts } = await beginIncremental(test.repository, destination, disk, wish)
    const aside = join(place.path, basename(parent.path))
    renameSync(parent.path, aside)
    await expect(test.repository.record(partial, facts)).rejects.toMatchObject({ code: 'backup/parent-lost' })
    renameSync(aside, parent.path)
    expect(await test.repository.record(partial, facts)).toMatchObject({ unreadable: null })
  })
})

describe('a point in a chain', () => {
  it('is not readable without the points it needs, and says which file is missing', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { repository } = test
    const { destination, wish, parent } = await withParent(test, place.path, disk)
    const point = await addIncremental(repository, destination, disk, wish)
    renameSync(join(parent.path, image), join(place.path, 'aside'))
    await expect(repository.assertReadable(point.id)).rejects.toMatchObject({
      code: 'point/file-missing',
      message: expect.stringContaining(`needs "${image}" of an earlier restore point, that of ${parent.createdAt}`),
    })
    await repository.refresh()
    expect(repository.point(point.id).unreadable).toBe(
      `It needs the image "${image}" of the restore point of ${parent.createdAt}, which is missing.`,
    )
    renameSync(join(place.path, 'aside'), join(parent.path, image))
    await repository.refresh()
    expect(await repository.assertReadable(point.id)).toMatchObject({ unreadable: null, needs: [parent.id] })
  })

  it.each(['a backing file elsewhere', 'a manifest that names another', 'a link to a folder', 'a link to an image'])(
    'is not followed to %s',
    async (how) => {
      using place = tempDir()
      using elsewhere = tempDir()
      using disk = new TestDisk(1 << 20)
      await using test = await testRepository()
      const { repository } = test
      const { destination, wish, parent } = await withParent(test, place.path, disk)
      const point = await addIncremental(repository, destination, disk, wish)
      const secret = elsewhere.file(image)
      copyFileSync(join(parent.path, image), secret)
      if (how === 'a backing file elsewhere') {
        execFileSync('qemu-img', ['rebase', '-u', '-b', secret, '-F', 'qcow2', join(point.path, image)])
      } else if (how === 'a manifest that names another') {
        rewrite(point.path, ({ disks }) =>
          Object.assign(disks[0] ?? {}, { backing: { pointId: parent.id, file: 'x' } }),
        )
      } else if (how === 'a link to a folder') {
        const moved = join(elsewhere.path, 'moved')
        renameSync(parent.path, moved)
        symlinkSync(moved, parent.path)
      } else {
        rmSync(join(parent.path, image))
        symlinkSync(secret, join(parent.path, image))
      }
      await expect(repository.assertReadable(point.id)).rejects.toMatchObject({
        code: expect.stringMatching(/^point\//),
      })
      const verdict = await repository.verify(point.id, 'structure', noProgress, never)
      expect(verdict.ok).toBe(false)
      await expect(
        beginIncremental(repository, destination, disk, { ...wish, parentId: point.id }),
      ).rejects.toMatchObject({ code: 'backup/parent-lost' })
    },
  )

  it('comes back by RESTORE.txt alone', async () => {
    using place = tempDir()
    using disk = new TestDisk(1 << 20)
    await using test = await testRepository()
    const { destination, wish, parent } = await withParent(test, place.path, disk)
    const { partial, facts } = await beginIncremental(test.repository, destination, disk, wish)
    const sourcePath = place.file('the disk.qcow2')
    const disks = facts.disks.map((fact) => ({ ...fact, sourcePath }))
    const point = await test.repository.record(partial, { ...facts, disks })
    const text = readFileSync(join(point.path, 'RESTORE.txt'), 'utf8')
    expect(text).toContain(`-${parent.id}`)
    const steps = text.slice(text.indexOf('--- steps ---') + 13, text.indexOf('--- end of steps ---'))
    execFileSync('sh', ['-e', '-c', `cd "$1"\n${steps}`, 'sh', point.path], { stdio: 'pipe' })
    compare(`${sourcePath}.restored`, disk.path)
  })
})

it('damage in bytes that a new point shares with its parent is found, and all that hold them are marked', async () => {
  using place = tempDir()
  using disk = new TestDisk(4 << 20)
  await using test = await testRepository()
  const { repository } = test
  const { destination, wish, parent } = await withParent(test, place.path, disk)
  await repository.computeIndex(parent.id, noProgress, never)
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 320k 4k', join(parent.path, image)], { stdio: 'ignore' })
  // Began from the same parent before, and shows the same bytes.
  const sibling = await addIncremental(repository, destination, disk, wish)
  const point = await addIncremental(repository, destination, disk, wish)
  await expect(repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
    code: 'backup/check-failed',
    message: expect.stringContaining(`It started from the restore point of ${parent.createdAt}, which is damaged.`),
  })
  expect(repository.point(point.id).verification).toMatchObject({ ok: false, foundIn: parent.id })
  expect(repository.point(parent.id).verification).toMatchObject({ ok: false, foundIn: null })
  expect(repository.point(sibling.id).verification).toMatchObject({ ok: false, foundIn: parent.id })
  expect(repository.parents(wish.machineId, destination.id)).toEqual([])
})

it('a clone takes up what was copied; the parent keeps its own', async () => {
  using drive = cloneVolume('xfs')
  using disk = new TestDisk(1 << 20)
  mkdirSync(join(drive.path, 'store'))
  await using test = await testRepository()
  const { destination, wish, parent, kept } = await withParent(test, join(drive.path, 'store'), disk)
  const point = await addIncremental(test.repository, destination, disk, wish)
  expect(point).toMatchObject({ storage: 'clone', needs: [] })
  expect(point.bytes).toBeLessThan(parent.bytes)
  expect(lstatSync(join(point.path, image)).size).toBeGreaterThan(point.bytes)
  compare(join(parent.path, image), kept)
  expect(await test.repository.deletePoint(parent.id)).toMatchObject({ freedBytes: expect.any(Number) })
  compare(join(point.path, image), disk.path)
})

it('an image that cannot be cloned any more lies over its parent instead', async () => {
  using place = tempDir()
  using disk = new TestDisk(1 << 20)
  await using test = await testRepository()
  const { destination, wish, parent } = await withParent(test, place.path, disk)
  const { partial, facts } = await beginIncremental(test.repository, destination, disk, wish)
  const reading = await readManifest(parent.path)
  if (reading.kind !== 'sound') throw new Error(reading.kind)
  const told: string[] = []
  const logger = { ...test.ports.logger, warn: (text: string) => told.push(text) }
  const asked = { id: disk.id, virtualSize: disk.virtualSize, parentId: parent.id }
  const { manifest } = reading
  const made = makeImage({ ...test.ports, logger }, { storage: 'clone' }, partial, asked, { point: parent, manifest })
  expect(await made).toBe('overlay')
  expect(told).toEqual(['An image could not be cloned; the new one lies over it instead'])
  copyInto(partial.imagePath(disk.id), disk, wish.writes)
  const point = await test.repository.record(partial, facts)
  expect(point).toMatchObject({ storage: 'chain', needs: [parent.id] })
  compare(join(point.path, image), disk.path)
})
