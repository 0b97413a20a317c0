import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createPlatform } from '../../../electron/core/ports/node-ports.ts'
import { addPoint, never, newPoint, noProgress, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'

const need = { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] }

it('a drive that is pulled out before or while a point is read is no damage of the point', async () => {
  using place = tempDir()
  mkdirSync(place.file('drive'))
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.file('drive'), null)
  const point = await addPoint(test.repository, destination)
  await test.repository.computeIndex(point.id, noProgress, never)
  renameSync(place.file('drive'), place.file('unplugged'))
  const { repository } = test
  const unavailable = { code: 'point/unavailable' }
  await expect(repository.verify(point.id, 'structure', noProgress, never)).rejects.toMatchObject(unavailable)
  renameSync(place.file('unplugged'), place.file('drive'))
  await repository.refresh()
  renameSync(place.file('drive'), place.file('unplugged'))
  await expect(repository.assertReadable(point.id)).rejects.toMatchObject(unavailable)
  renameSync(place.file('unplugged'), place.file('drive'))
  await repository.refresh()
  expect(repository.point(point.id)).toMatchObject({ verification: null, unreadable: null })
  expect(await repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: true })
})

it('a tool that is killed, or a system that is out of something, accuses no image', async () => {
  using place = tempDir()
  using tools = tempDir()
  const script = (name: string, body: string) =>
    writeFileSync(tools.file(name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  await using test = await testRepository({ env: { ...process.env, FLOE_QEMU_DIR: tools.path } })
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  for (const body of ['kill -9 $$', 'exit 1', 'echo "Could not open: Permission denied" >&2; exit 1']) {
    script('qemu-img', body)
    await expect(test.repository.verify(point.id, 'structure', noProgress, never), body).rejects.toMatchObject({
      code: 'system/tool-failed',
    })
  }
  script('qemu-img', 'echo "qcow2: Image is corrupt" >&2; exit 1')
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({ ok: false })
})

it('a point that is being deleted cannot be taken up for reading any more', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const deletion = test.repository.deletePoint(point.id)
  const refused: unknown[] = []
  let ended = false
  const watch = async () => {
    while (!ended) {
      try {
        test.repository.pinWhileReading(point.id)[Symbol.dispose]()
      } catch (error) {
        refused.push(error)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const watching = watch()
  await deletion.finally(() => {
    ended = true
  })
  await watching
  expect(refused[0]).toMatchObject({ code: 'point/in-use' })
})

it('an unfinished point of the same home on another computer, or of a process that lives, is left alone', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const opened = await test.repository.open(destination.id, need)
  const partial = await test.repository.beginPoint(opened, newPoint())
  const owner = join(partial.folder, 'owner.json')
  const own = JSON.parse(readFileSync(owner, 'utf8')) as object
  for (const change of [{ host: 'the-other-mac' }, { pid: process.ppid }]) {
    writeFileSync(owner, JSON.stringify({ ...own, ...change }))
    expect(await test.repository.sweepPartials(new Set())).toMatchObject({ removed: 0 })
  }
  writeFileSync(owner, JSON.stringify(own))
  expect(await test.repository.sweepPartials(new Set())).toMatchObject({ removed: 1 })
})

it('a destination that hangs counts as not there, and does not hold up the others', async () => {
  using place = tempDir()
  for (const name of ['good', 'hangs']) mkdirSync(place.file(name))
  const platform = createPlatform()
  let hang = false
  const fileSystem: typeof platform.fileSystem = (path) =>
    hang && path.endsWith('hangs') ? new Promise(() => {}) : platform.fileSystem(path)
  await using test = await testRepository({ platform: { ...platform, externalVolumes: async () => [], fileSystem } })
  const good = await test.repository.addDestination(place.file('good'), null)
  const bad = await test.repository.addDestination(place.file('hangs'), null)
  hang = true
  await test.repository.refresh()
  expect(test.repository.destination(bad.id).state.kind).toBe('absent')
  expect(test.repository.destination(good.id).state.kind).toBe('connected')
  const point = await addPoint(test.repository, good)
  expect(test.repository.point(point.id).unreadable).toBeNull()
  await expect(test.repository.open(bad.id, need)).rejects.toMatchObject({
    code: 'destination/missing',
    message: expect.stringContaining('does not answer'),
  })
})
