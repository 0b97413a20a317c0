import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Ports } from '../../../electron/core/ports/index.ts'
import { seal } from '../../../electron/core/repository/sealed-json.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import { assertIntact, assertTidy, type Chain, makeChain } from '../../support/chain-of-points.ts'
import { beginIncremental, TestDisk } from '../../support/incremental-points.ts'
import { testRepository } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

let place: TempDir
let chain: Chain
let ids: PointId[]

beforeEach(async () => {
  place = tempDir()
  chain = await makeChain(place.file('store'), [null, 0, 1])
  ids = chain.points.map(({ id }) => id)
})
afterEach(() => {
  chain[Symbol.dispose]()
  place[Symbol.dispose]()
})

const id = (number: number) => ids[number] as PointId

async function opened(change: Partial<Ports> = {}, path = chain.path) {
  const test = await testRepository(change)
  await test.repository.addDestination(path, null)
  return test
}

it('a point that is read, or that is needed by one that is read, neither goes nor changes', async () => {
  await using test = await opened()
  const { repository } = test
  for (const number of [1, 2]) {
    using _reading = repository.pinWhileReading(id(number))
    await expect(repository.deletePoints([id(0)])).rejects.toMatchObject({ code: 'point/in-use' })
    await expect(repository.deletePoints([id(0), id(1)])).rejects.toMatchObject({ code: 'point/in-use' })
  }
  await assertIntact(repository, chain, ids, 'images')
  assertTidy(chain.points)
})

it('what another Floe starts a backup from stays', async () => {
  await using other = await testRepository()
  const destination = await other.repository.addDestination(chain.path, null)
  using disk = new TestDisk(4 << 20)
  const wish = { machineId: chain.machineId, parentId: id(2), writes: [{ offset: 0, length: 65536 }] }
  const { partial } = await beginIncremental(other.repository, destination, disk, wish)
  await using test = await opened()
  await expect(test.repository.deletePoints([id(2)])).rejects.toMatchObject({ code: 'point/in-use' })
  writeFileSync(join(partial.folder, 'owner.json'), 'torn')
  await expect(test.repository.deletePoints([id(2)])).rejects.toMatchObject({ code: 'point/in-use' })
  // Below it, data may move: the new image knows the older one by its name.
  await test.repository.deletePoints([id(1)])
  await run('qemu-img', 'check', '-q', partial.imagePath(disk.id))
  await assertIntact(test.repository, chain, [id(0), id(2)])
})

it('what a point that this Floe cannot read needs stays, until that one is deleted', async () => {
  await using test = await opened()
  const manifest = join(test.repository.point(id(2)).path, 'manifest.json')
  const sound = readFileSync(manifest, 'utf8')
  writeFileSync(manifest, seal({ ...JSON.parse(sound), version: 99 }))
  await test.repository.refresh()
  await expect(test.repository.deletePoints([id(1)])).rejects.toMatchObject({
    code: 'point/in-use',
    params: { dependent: id(2) },
  })
  await expect(test.repository.deletePoints([id(1), id(2)])).rejects.toMatchObject({ code: 'point/newer-format' })
  writeFileSync(manifest, 'torn')
  await test.repository.refresh()
  await expect(test.repository.deletePoints([id(1)])).rejects.toMatchObject({ code: 'point/in-use' })
  await test.repository.deletePoints([id(1), id(2)])
  await assertIntact(test.repository, chain, [id(0)])
})

it('a deletion that was told to stop has changed nothing', async () => {
  await using test = await opened()
  for (const when of ['note', 'build', 'ready']) {
    const abort = new AbortController()
    const onStep = (name: string) => {
      if (name.startsWith(when)) abort.abort()
    }
    const deletion = test.repository.deletePoints([id(0), id(1)], { signal: abort.signal, onStep })
    await expect(deletion, when).rejects.toBeTruthy()
    await assertIntact(test.repository, chain, ids, 'images')
    assertTidy(chain.points)
  }
  await test.repository.deletePoints([id(0), id(1)])
  await assertIntact(test.repository, chain, [id(2)])
})

it('a merged image that is not the same never takes the place of the old one', async () => {
  const tools = place.file('tools')
  mkdirSync(tools)
  const real = async (name: string) => (await run('sh', '-c', `command -v ${name}`)).trim()
  symlinkSync(await real('qemu-nbd'), join(tools, 'qemu-nbd'))
  const rebase = `"${await real('qemu-img')}" "$@" || exit $?\n[ "$1" = rebase ] || exit 0\nfor image; do :; done\n`
  const spoil = `"${await real('qemu-io')}" -f qcow2 -c "write -P 0x5a 2M 512" "$image" >/dev/null\n`
  writeFileSync(join(tools, 'qemu-img'), `#!/bin/sh\n${rebase}${spoil}`)
  chmodSync(join(tools, 'qemu-img'), 0o755)
  await using test = await opened({ env: { ...process.env, FLOE_QEMU_DIR: tools } })
  for (const removed of [[id(1)], [id(0), id(1)]]) {
    await expect(test.repository.deletePoints(removed)).rejects.toMatchObject({
      code: 'point/merge-failed',
      message: expect.stringContaining('differs at byte'),
    })
    await assertIntact(test.repository, chain, ids, 'images')
    assertTidy(chain.points)
  }
})

it('where an image below is gone, nothing is built upon it; the points go together', async () => {
  await using test = await opened()
  rmSync(join(chain.points[1]?.path ?? '', 'disk-vda.qcow2'))
  await test.repository.refresh()
  await expect(test.repository.deletePoints([id(1)])).rejects.toMatchObject({
    code: 'point/merge-failed',
  })
  expect(test.repository.points(null)).toHaveLength(3)
  await test.repository.deletePoints([id(1), id(2)])
  await assertIntact(test.repository, chain, [id(0)])
})

it.each(['before it', 'during it'])(
  'what an image was made to lie over elsewhere %s is not moved into it',
  async (when) => {
    await using test = await opened()
    const image = join(chain.points[2]?.path ?? '', 'disk-vda.qcow2')
    const own = `../${basename(chain.points[1]?.path ?? '')}/disk-vda.qcow2`
    const secret = place.file('secret.qcow2')
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', secret, '4M'])
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x53 0 4M', secret], { stdio: 'ignore' })
    const lead = (name: string) => execFileSync('qemu-img', ['rebase', '-u', '-b', name, '-F', 'qcow2', image])
    if (when === 'before it') lead(secret)
    const onStep = (name: string) => {
      if (name.startsWith('build')) lead(secret)
    }
    await expect(test.repository.deletePoints([id(1)], { onStep })).rejects.toMatchObject({
      code: 'point/merge-failed',
      message: expect.stringContaining(`lies over "${secret}" instead of`),
    })
    lead(own)
    await assertIntact(test.repository, chain, ids, 'images')
    assertTidy(chain.points)
  },
)

it('an image that comes to lie over a point while data is moved out of it keeps that point', async () => {
  await using test = await opened()
  const below = chain.points[1]?.path ?? ''
  const folder = join(dirname(below), '.partial-abcdefghijkl')
  const onStep = (name: string) => {
    if (name !== 'forget') return
    mkdirSync(folder)
    const options = ['-f', 'qcow2', '-b', `../${basename(below)}/disk-vda.qcow2`, '-F', 'qcow2']
    execFileSync('qemu-img', ['create', '-q', ...options, join(folder, 'disk-vda.qcow2')])
  }
  await expect(test.repository.deletePoints([id(1)], { onStep })).rejects.toMatchObject({ code: 'point/in-use' })
  await assertIntact(test.repository, chain, ids, 'images')
  rmSync(folder, { recursive: true })
  await test.repository.deletePoints([id(1)])
  await assertIntact(test.repository, chain, [id(0), id(2)])
})

it.each(['image', 'manifest'])(
  'nothing is deleted when the %s that was put in place is not what it should be',
  async (which) => {
    await using test = await opened()
    const folder = chain.points[2]?.path ?? ''
    const steps: string[] = []
    const onStep = (name: string) => {
      steps.push(name)
      if (name !== 'place disk-vda.qcow2') return
      const staged = readdirSync(folder).find((file) => file.startsWith('disk-vda.merging-')) ?? ''
      if (which === 'image') truncateSync(join(folder, staged), 1 << 16)
      else writeFileSync(join(folder, 'manifest.json'), 'torn')
    }
    const deletion = test.repository.deletePoints([id(1)], { onStep })
    await expect(deletion).rejects.toMatchObject({ code: 'point/merge-failed' })
    expect(steps).not.toContain('remove')
    // It is asked to be ended first, whatever is to go next; unless it goes itself.
    await expect(test.repository.deletePoints([id(1)])).rejects.toMatchObject({ code: 'point/merge-failed' })
    await test.repository.deletePoints([id(2)])
    await assertIntact(test.repository, chain, [id(0), id(1)])
  },
)

it('without the room for what has to move, nothing is begun', async () => {
  using drive = volume('ext4', 24)
  await run('cp', '-a', chain.path, join(drive.path, 'store'))
  const free = Number((await run('df', '--output=avail', '-B1', drive.path)).split('\n')[1])
  await run('fallocate', '-l', String(free - (1 << 20)), join(drive.path, 'filler'))
  await using test = await opened({}, join(drive.path, 'store'))
  await expect(test.repository.deletePoints([id(0)])).rejects.toMatchObject({ code: 'destination/no-space-before' })
  await assertIntact(test.repository, chain, ids, 'images')
  assertTidy(ids.map((each) => test.repository.point(each)))
  expect(dirname(test.repository.point(id(2)).path)).toContain(drive.path)
  await test.repository.deletePoints([id(2)])
  rmSync(join(drive.path, 'filler'))
  await test.repository.deletePoints([id(0)])
  await assertIntact(test.repository, chain, [id(1)])
})
