import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { addPoint, diskId, newPoint, repositoryPorts, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const small = { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] }
const oddNames = ['with space', `'"quotes`, 'new\nline', 'per%cent', 'comma,x=y', 'a:b', 'Ünï 磁盘 🧊', '$(rm) `x` \\']

it.each(oddNames)('a folder called %j takes points, checks them and finds them again', async (name) => {
  using dir = tempDir()
  mkdirSync(dir.file(name))
  await using test = await testRepository()
  const destination = await test.repository.addDestination(dir.file(name), null)
  expect(destination).toMatchObject({ name, state: { kind: 'connected' }, path: dir.file(name) })
  const point = await addPoint(test.repository, destination, {
    point: { machineName: name, disks: [{ id: diskId(name), virtualSize: 4 << 20 }] },
  })
  await test.repository.computeIndex(point.id, () => {}, new AbortController().signal)
  await test.repository.refresh()
  expect(test.repository.points(null)).toMatchObject([{ id: point.id, machineName: name, index: { kind: 'complete' } }])
})

it('refuses a place that is missing, not a folder, or taken already', async () => {
  using dir = tempDir()
  await using test = await testRepository()
  const { repository } = test
  await expect(repository.addDestination(dir.file('none'), null)).rejects.toMatchObject({ code: 'destination/missing' })
  expect(existsSync(dir.file('none'))).toBe(false)
  writeFileSync(dir.file('file'), '')
  await expect(repository.addDestination(dir.file('file'), null)).rejects.toMatchObject({
    code: 'destination/not-a-folder',
  })
  mkdirSync(dir.file('place'))
  symlinkSync(dir.file('place'), dir.file('alias'))
  await repository.addDestination(dir.file('place'), 'Drive')
  for (const again of ['place', 'alias']) {
    await expect(repository.addDestination(dir.file(again), null)).rejects.toMatchObject({
      code: 'destination/already-added',
      params: { name: 'Drive' },
    })
  }
})

it('refuses a folder with a damaged marker or one of a newer Floe, and leaves it as it is', async () => {
  using dir = tempDir()
  await using test = await testRepository()
  const marker = dir.file('floe-destination.json')
  for (const [text, code] of [
    ['{"format":"floe-dest', 'destination/damaged-marker'],
    ['{"format":"floe-destination","version":2}', 'destination/newer-format'],
    ['{"format":"floe-destination","version":1,"id":"abcdefghijkl","checksum":"0"}', 'destination/damaged-marker'],
  ] as const) {
    writeFileSync(marker, text)
    await expect(test.repository.addDestination(dir.path, null)).rejects.toMatchObject({ code })
    expect(readFileSync(marker, 'utf8')).toBe(text)
    expect(readdirSync(dir.path)).toEqual(['floe-destination.json'])
  }
})

it('takes up a folder that is a destination already: its id stays and its points appear', async () => {
  using dir = tempDir()
  await using first = await testRepository()
  const made = await first.repository.addDestination(dir.path, 'Drive')
  const point = await addPoint(first.repository, made)
  await using second = await testRepository()
  const found = await second.repository.addDestination(dir.path, null)
  expect(found).toMatchObject({ id: made.id, name: 'Drive', pointCount: 1 })
  expect(second.repository.points(null)).toEqual([point])
})

it('follows a destination that was moved, and knows it again after a restart', async () => {
  using dir = tempDir()
  await using test = await testRepository()
  mkdirSync(dir.file('a'))
  const { id } = await test.repository.addDestination(dir.file('a'), 'Drive')
  await addPoint(test.repository, test.repository.destination(id))
  cpSync(dir.file('a'), dir.file('b'), { recursive: true })
  await expect(test.repository.addDestination(dir.file('b'), null)).rejects.toMatchObject({
    code: 'destination/already-added',
  })
  rmSync(dir.file('a'), { recursive: true })
  await test.repository.refresh()
  expect(test.repository.destination(id).state).toMatchObject({ kind: 'absent', lastSeenAt: expect.any(String) })
  expect(test.repository.points(null)).toMatchObject([{ available: false }])
  expect(await test.repository.addDestination(dir.file('b'), null)).toMatchObject({ id, name: 'Drive', pointCount: 1 })
  await using again = await testRepository({}, test.home.file('destinations.json'))
  expect(again.repository.destinations()).toMatchObject([{ id, path: dir.file('b'), pointCount: 1 }])
})

it('another disk at the same path is recognised and nothing is written to it', async () => {
  using dir = tempDir()
  await using test = await testRepository()
  await using other = await testRepository()
  const mine = await test.repository.addDestination(dir.path, 'Drive')
  rmSync(dir.file('floe-destination.json'))
  await other.repository.addDestination(dir.path, 'Drive')
  const before = readdirSync(dir.path)
  await test.repository.refresh()
  expect(test.repository.destination(mine.id).state).toEqual({ kind: 'other-disk' })
  const otherDisk = { code: 'destination/other-disk' }
  await expect(test.repository.open(mine.id, small)).rejects.toMatchObject(otherDisk)
  await expect(test.repository.beginPoint({ ...mine, freeBytes: 0 }, newPoint())).rejects.toMatchObject(otherDisk)
  expect(readdirSync(dir.path)).toEqual(before)
  const added = await test.repository.addDestination(dir.path, 'Second')
  expect(added.id).not.toBe(mine.id)
})

it('an empty mount point is a drive that is not there', async () => {
  using drive = volume('ext4', 40)
  await using test = await testRepository()
  const { id } = await test.repository.addDestination(drive.path, 'Drive')
  drive.unmount()
  await test.repository.refresh()
  expect(test.repository.destination(id).state).toMatchObject({ kind: 'absent' })
  await expect(test.repository.open(id, small)).rejects.toMatchObject({ code: 'destination/missing' })
  expect(readdirSync(drive.path)).toEqual([])
  drive.mount()
  await test.repository.refresh()
  expect(test.repository.destination(id).state).toEqual({ kind: 'connected' })
})

it('the points of an unplugged drive are still listed after a restart, as not available', async () => {
  using drive = volume('ext4', 40)
  await using test = await testRepository()
  const destination = await test.repository.addDestination(drive.path, 'Drive')
  const point = await addPoint(test.repository, destination)
  drive.unmount()
  await using again = await testRepository({}, test.home.file('destinations.json'))
  expect(again.repository.points(null)).toEqual([{ ...point, available: false }])
  const gone = { code: 'point/unavailable' }
  await expect(again.repository.assertReadable(point.id)).rejects.toMatchObject(gone)
  drive.mount()
  await again.repository.refresh()
  expect(again.repository.points(null)).toEqual([point])
  await again.repository.deletePoint(point.id)
  drive.unmount()
  await using third = await testRepository({}, test.home.file('destinations.json'))
  expect(third.repository.points(null)).toEqual([])
})

it('a read-only drive can be read but not written to', async () => {
  using drive = volume('ext4', 40)
  await using test = await testRepository()
  mkdirSync(join(drive.path, 'fresh'))
  const { id } = await test.repository.addDestination(drive.path, 'Drive')
  const point = await addPoint(test.repository, test.repository.destination(id))
  drive.remount('ro')
  await test.repository.refresh()
  const readOnly = { code: 'destination/read-only' }
  expect(test.repository.destination(id)).toMatchObject({ state: { kind: 'read-only' }, pointCount: 1 })
  await expect(test.repository.open(id, small)).rejects.toMatchObject(readOnly)
  await expect(test.repository.deletePoint(point.id)).rejects.toMatchObject(readOnly)
  await expect(test.repository.addDestination(join(drive.path, 'fresh'), null)).rejects.toMatchObject(readOnly)
  expect(await test.repository.assertReadable(point.id)).toMatchObject({ available: true })
  await using other = await testRepository()
  expect(await other.repository.addDestination(drive.path, null)).toMatchObject({ id, pointCount: 1 })
})

it('a folder that is locked against changes is refused', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('locked'))
  execFileSync('chattr', ['+i', dir.file('locked')])
  try {
    await using test = await testRepository()
    await expect(test.repository.addDestination(dir.file('locked'), null)).rejects.toMatchObject({
      code: 'destination/read-only',
      params: { reason: 'The folder is locked against changes.' },
    })
  } finally {
    execFileSync('chattr', ['-i', dir.file('locked')])
  }
})

it('a full drive is refused, as is one with too little space, and deleting makes room again', async () => {
  using drive = volume('ext4', 60)
  await using test = await testRepository()
  const { id } = await test.repository.addDestination(drive.path, 'Drive')
  const destination = await addPoint(test.repository, test.repository.destination(id), {
    point: { disks: [{ id: diskId('vda'), virtualSize: 32 << 20 }] },
    commands: ['write -P 1 0 20M'],
  })
  await expect(test.repository.open(id, { ...small, bytes: 2 ** 40 })).rejects.toMatchObject({
    code: 'destination/no-space-before',
    params: { needBytes: 2 ** 40, freeBytes: expect.any(Number) },
  })
  const { bavail, bsize } = statfsSync(drive.path)
  execFileSync('fallocate', ['-l', String(bavail * bsize - (1 << 20)), join(drive.path, 'filler')])
  await test.repository.refresh()
  expect(test.repository.destination(id).state).toEqual({ kind: 'full' })
  await expect(test.repository.open(id, small)).rejects.toMatchObject({ code: 'destination/full' })
  const { freedBytes } = await test.repository.deletePoint(destination.id)
  expect(freedBytes).toBeGreaterThan(20 << 20)
  expect(test.repository.destination(id).state).toEqual({ kind: 'connected' })
})

it.each(['vfat', 'msdos'])(
  '%s takes small files and refuses what would pass 4 GB before anything is copied',
  async (type) => {
    using dir = tempDir()
    const { platform } = repositoryPorts()
    const fileSystem = async () => ({ type, mountPoint: '/', readOnly: false })
    await using test = await testRepository({ platform: { ...platform, fileSystem } })
    const destination = await test.repository.addDestination(dir.path, 'Stick')
    expect(destination).toMatchObject({ state: { kind: 'connected' }, fileSystem: type })
    await addPoint(test.repository, destination)
    const before = readdirSync(dir.path)
    const fat = { code: 'destination/fat' }
    for (const largestFile of [5e9, 2 ** 32, 2 ** 32 - (1 << 20)]) {
      const need = { bytes: 0, largestFile, imagePaths: [] }
      await expect(test.repository.open(destination.id, need)).rejects.toMatchObject(fat)
    }
    await test.repository.open(destination.id, { bytes: 0, largestFile: 4e9, imagePaths: [] })
    expect(readdirSync(dir.path)).toEqual(before)
  },
)

it("refuses the folder of the machine's own image, by whatever name, but not its neighbour", async () => {
  using dir = tempDir()
  await using test = await testRepository()
  mkdirSync(dir.file('vm', 'backups'), { recursive: true })
  mkdirSync(dir.file('links'))
  writeFileSync(dir.file('vm', 'disk.qcow2'), '')
  symlinkSync(dir.file('vm', 'disk.qcow2'), dir.file('links', 'disk.qcow2'))
  const own = await test.repository.addDestination(dir.file('vm'), null)
  const below = await test.repository.addDestination(dir.file('vm', 'backups'), null)
  for (const image of [dir.file('vm', 'disk.qcow2'), dir.file('links', 'disk.qcow2')]) {
    const need = { ...small, imagePaths: [image] }
    await expect(test.repository.open(own.id, need)).rejects.toMatchObject({ code: 'destination/holds-image' })
    expect(await test.repository.open(below.id, need)).toMatchObject({ id: below.id })
  }
})

it("refuses to back up a machine that runs from the destination's own store", async () => {
  using dir = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(dir.path, null)
  const point = await addPoint(test.repository, destination)
  const need = { ...small, imagePaths: [join(point.path, 'disk-vda.qcow2')] }
  await expect(test.repository.open(destination.id, need)).rejects.toMatchObject({ code: 'destination/holds-image' })
})

it('forgetting a destination leaves its files alone', async () => {
  using dir = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(dir.path, null)
  const point = await addPoint(test.repository, destination)
  {
    using _reading = test.repository.pinWhileReading(point.id)
    await expect(test.repository.removeDestination(destination.id)).rejects.toMatchObject({
      code: 'destination/in-use',
    })
  }
  await test.repository.removeDestination(destination.id)
  expect(test.repository.destinations()).toEqual([])
  expect(test.repository.points(null)).toEqual([])
  expect(existsSync(join(point.path, 'manifest.json'))).toBe(true)
  expect(() => test.repository.destination(destination.id)).toThrow(/no destination/)
})

it('whether a drive clones files is found out by cloning one', async () => {
  using cloning = volume('xfs', 400)
  using plain = volume('ext4', 40)
  await using test = await testRepository()
  expect(await test.repository.addDestination(cloning.path, null)).toMatchObject({
    storage: 'clone',
    fileSystem: 'xfs',
  })
  expect(await test.repository.addDestination(plain.path, null)).toMatchObject({ storage: 'chain', fileSystem: 'ext4' })
  expect(readdirSync(cloning.path)).toEqual(['floe-destination.json'])
})

it('a list of destinations that cannot be read is put aside, not overwritten', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('destinations.json'), '{"version":1,"dest')
  await using test = await testRepository({}, dir.file('destinations.json'))
  expect(test.repository.destinations()).toEqual([])
  expect(readFileSync(dir.file('destinations.json.damaged'), 'utf8')).toBe('{"version":1,"dest')
})

it('a home folder that cannot be written to is said so, and the destination is not half added', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('home'), 'a file where the folder should be')
  mkdirSync(dir.file('place'))
  await using test = await testRepository({}, dir.file('elsewhere', 'destinations.json'))
  writeFileSync(dir.file('elsewhere'), 'in the way')
  await expect(test.repository.addDestination(dir.file('place'), null)).rejects.toMatchObject({
    code: 'system/home-unwritable',
  })
  expect(test.repository.destinations()).toEqual([])
})

it('suggests mounted drives and makes the suggested folder when it is chosen', async () => {
  using drive = volume('ext4', 40)
  using user = tempDir()
  const volumes = async () => [{ path: drive.path, name: 'T7' }]
  const platform = { ...repositoryPorts().platform, externalVolumes: volumes }
  await using test = await testRepository({ platform, userDir: user.path })
  const [external, local] = await test.repository.suggestDestinations()
  expect(external).toMatchObject({ name: 'T7', external: true, warning: null, freeBytes: expect.any(Number) })
  expect(local).toMatchObject({ external: false })
  const added = await test.repository.addDestination(external?.path ?? '', 'T7')
  expect(added).toMatchObject({ name: 'T7', state: { kind: 'connected' } })
  expect(await test.repository.suggestDestinations()).toMatchObject([{ external: false }])
})
