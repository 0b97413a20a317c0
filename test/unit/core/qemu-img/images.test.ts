import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checkImage, convertImage, createImage, imageInfo, mapImage } from '../../../../electron/core/qemu-img/index.ts'
import { difference } from '../../../support/qemu.ts'
import { run } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'

const oddNames = [
  'with space',
  `quotes ' and "`,
  'new\nline',
  'per%20cent %s',
  'comma, comma,,x=y',
  'nbd:colon:name',
  'Ünïcode 磁盘 🧊',
  'back\\slash',
  '-dash',
  'json:{"driver":"null-co"}',
]

it.each(oddNames)('an image called %j is created, described, checked, mapped and copied', async (name) => {
  using dir = tempDir()
  mkdirSync(dir.file(name))
  const path = dir.file(name, `${name}.qcow2`)
  await createImage(path, 8 << 20, 'qcow2')
  const source = dir.file(name, `${name}.raw`)
  writeFileSync(source, Buffer.alloc(3 << 20, 7))
  await convertImage({ source: { path: source, format: 'raw' }, target: { path, format: 'qcow2' } })
  expect(await imageInfo(path, 'qcow2')).toMatchObject({ format: 'qcow2', virtualSize: 3 << 20, backingFile: null })
  expect(await checkImage(path, 'qcow2')).toEqual({ supported: true, errors: 0, leaks: 0, text: '' })
  expect(await mapImage(path, 'qcow2')).toMatchObject([{ start: 0, length: 3 << 20, data: true, zero: false }])
  const back = dir.file(name, `${name}.back`)
  await convertImage({ source: { path, format: 'qcow2' }, target: { path: back, format: 'raw' } })
  expect(readFileSync(back).equals(readFileSync(source))).toBe(true)
})

it('a map by a qemu-img that does not say what is present counts all of it as such', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await createImage(path, 1 << 20, 'qcow2')
  const real = (await run('sh', '-c', 'command -v qemu-img')).trim()
  writeFileSync(dir.file('qemu-img'), `#!/bin/sh\n"${real}" "$@" | sed 's/"present": [a-z]*, //g'\n`, { mode: 0o755 })
  expect(await mapImage(path, 'qcow2')).toMatchObject([{ present: false }])
  const env = { ...process.env, FLOE_QEMU_DIR: dir.path }
  expect(await mapImage(path, 'qcow2', { env })).toMatchObject([{ start: 0, length: 1 << 20, present: true }])
})

it('copying tells how far it is, only ever forward, and ends at 1', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a.raw'), Buffer.alloc(64 << 20, 1))
  const told: number[] = []
  await convertImage({
    source: { path: dir.file('a.raw'), format: 'raw' },
    target: { path: dir.file('b.qcow2'), format: 'qcow2' },
    onProgress: (fraction) => told.push(fraction),
  })
  expect(told).toEqual([...told].sort((a, b) => a - b))
  expect(told.at(-1)).toBe(1)
  expect(await difference(dir.file('a.raw'), dir.file('b.qcow2'), { a: 'raw' })).toBeNull()
})

it('copying stops when it is told to', async () => {
  using dir = tempDir()
  await run('truncate', '-s', '256M', dir.file('a.raw'))
  writeFileSync(dir.file('a.raw'), Buffer.alloc(128 << 20, 1))
  const controller = new AbortController()
  const copy = convertImage({
    source: { path: dir.file('a.raw'), format: 'raw' },
    target: { path: dir.file('b.qcow2'), format: 'qcow2' },
    onProgress: () => controller.abort(),
    signal: controller.signal,
  })
  await expect(copy).rejects.toMatchObject({ code: 'system/interrupted' })
  const early = createImage(dir.file('c'), 1024, 'raw', { signal: AbortSignal.abort() })
  await expect(early).rejects.toMatchObject({ code: 'system/interrupted' })
})

it('a damaged qcow2 is reported with its number of errors', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await createImage(path, 8 << 20, 'qcow2')
  await run('qemu-io', '-f', 'qcow2', '-c', 'write 0 1M', path)
  const bytes = readFileSync(path)
  const tableOffset = Number(bytes.readBigUInt64BE(48))
  bytes.fill(0, tableOffset, tableOffset + 65536)
  writeFileSync(path, bytes)
  const check = await checkImage(path, 'qcow2')
  expect(check.errors).toBeGreaterThan(0)
})

it('a raw image has no structure to check', async () => {
  using dir = tempDir()
  await createImage(dir.file('a'), 1 << 20, 'raw')
  expect(await checkImage(dir.file('a'), 'raw')).toMatchObject({ supported: false, errors: 0 })
})

it('a failure carries the words of the tool', async () => {
  using dir = tempDir()
  await expect(imageInfo(dir.file('none'), 'qcow2')).rejects.toMatchObject({
    code: 'system/tool-failed',
    message: expect.stringContaining('No such file'),
  })
  writeFileSync(dir.file('junk'), 'junk')
  await expect(checkImage(dir.file('junk'), 'qcow2')).rejects.toMatchObject({ code: 'system/tool-failed' })
})

it('a relative path is refused', async () => {
  await expect(createImage('a.qcow2', 1024, 'qcow2')).rejects.toThrow('absolute path')
})
