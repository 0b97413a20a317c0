import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createPlatform } from '../../../electron/core/ports/node-ports.ts'
import { readOfflineImage } from '../../../electron/core/storage-daemon/offline-image.ts'
import { openOfflineSource } from '../../../electron/core/storage-daemon/offline-source.ts'
import { createImage, difference, startQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const clock = { now: () => new Date(), monotonic: () => performance.now() }
const ports = { clock, env: process.env }
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
const disk = (imagePath: string, format: string | null = 'qcow2') => ({ id: 'vda', imagePath, format })

it('copies images of a machine that is off at one instant, whatever their format, chain and path', async () => {
  using dir = tempDir()
  const folder = dir.file(`odd, "name"\n%:'磁`)
  mkdirSync(folder)
  const [base, middle, top, data, raw] = ['base.raw', 'mid dle,.qcow2', 'top.qcow2', 'own.qcow2', 'vars,.fd'].map(
    (name) => `${folder}/${name}`,
  ) as [string, string, string, string, string]
  await createImage(base, '16M', 'raw')
  await run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 4M', base)
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', middle)
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 2 2M 4M', middle)
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', middle, '-F', 'qcow2', top)
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 3 5M 4M', top)
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `data_file=${dir.file('own.data')}`, data, '8M')
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 4 1M 3M', data)
  await createImage(raw, '256k', 'raw')
  await run('qemu-io', '-f', 'raw', '-c', 'write -P 5 0 64k', raw)

  const sources = [disk(top), disk(data), disk(raw, 'raw')]
  const images = await Promise.all(sources.map((source) => readOfflineImage('Alpha', source)))
  expect(images[0]).toMatchObject({ virtualSize: 16 << 20, backingChain: [middle, base], files: [top, middle, base] })
  expect(images[0]?.allocatedSize).toBeGreaterThan(12 << 20)
  expect(images[1]?.files).toEqual([data, dir.file('own.data')])
  expect(images[1]?.allocatedSize).toBeGreaterThan(3 << 20)

  await using source = await openOfflineSource(
    'Alpha',
    images.map((image, index) => ({ ...image, node: `disk${index}` })),
    ports,
  )
  const targets: string[] = []
  for (const [index, image] of images.entries()) {
    const target = dir.file(`t${index}.qcow2`)
    await createImage(target, image.virtualSize)
    const file = { driver: 'file', filename: target }
    await source.session.execute('blockdev-add', { driver: 'qcow2', 'node-name': `t${index}`, file })
    targets.push(target)
  }
  const actions = images.map((_, index) => ({
    type: 'blockdev-backup',
    data: { 'job-id': `j${index}`, device: `disk${index}`, target: `t${index}`, sync: 'full', 'auto-dismiss': false },
  }))
  await source.session.execute('transaction', { actions })
  await until(async () => {
    const jobs = await source.session.execute<{ status: string; error?: string }[]>('query-jobs')
    return jobs.length === 3 && jobs.every(({ status, error }) => status === 'concluded' && error === undefined)
  }, 'the copies to end well')
  const own = await createPlatform().openHolders([top])
  expect(own).toEqual([])
  await source[Symbol.asyncDispose]()
  expect(isAlive(source.pid)).toBe(false)
  expect(await difference(top, targets[0] as string)).toBeNull()
  expect(await difference(data, targets[1] as string)).toBeNull()
  expect(await difference(raw, targets[2] as string, { a: 'raw' })).toBeNull()
})

it.each(['qcow2', 'raw'] as const)('a %s image that a QEMU without a socket writes to is refused', async (format) => {
  using dir = tempDir()
  const path = await createImage(dir.file('a'), '8M', format)
  const image = { ...(await readOfflineImage('Alpha', disk(path, format))), node: 'd' }
  await using _qemu = await startQemu({ disks: [{ id: 'vda', path, format }] })
  const inUse = { code: 'backup/started-while-off', message: expect.stringContaining('in use') }
  if (format === 'qcow2') {
    await expect(readOfflineImage('Alpha', disk(path, format))).rejects.toMatchObject(inUse)
    await expect(openOfflineSource('Alpha', [image], ports)).rejects.toMatchObject(inUse)
    return
  }
  // A raw image is locked for the copy only.
  await using source = await openOfflineSource('Alpha', [image], ports)
  const target = await createImage(dir.file('t'), '8M')
  const file = { driver: 'file', filename: target }
  await source.session.execute('blockdev-add', { driver: 'qcow2', 'node-name': 't', file })
  const copy = { 'job-id': 'j', device: 'd', target: 't', sync: 'full' }
  await expect(source.session.execute('blockdev-backup', copy)).rejects.toThrow(/lock/)
})

it('an image that is missing, of another format, encrypted or no file is named', async () => {
  using dir = tempDir()
  const raw = await createImage(dir.file('raw'), '1M', 'raw')
  const luks = dir.file('luks')
  const secret = [
    '--object',
    'secret,id=s,data=x',
    '-o',
    'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
  ]
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', ...secret, luks, '1M')
  const orphan = await createImage(dir.file('orphan'), '1M')
  await run('qemu-img', 'rebase', '-u', '-b', dir.file('gone.qcow2'), '-F', 'qcow2', orphan)
  const dataless = dir.file('dataless')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `data_file=${dir.file('own.data')}`, dataless, '1M')
  rmSync(dir.file('own.data'))
  const cases: [string | null, RegExp][] = [
    [dir.file('none'), /there is no image at .*none/],
    [raw, /raw/],
    [luks, /encrypted/],
    [orphan, /gone\.qcow2/],
    [dataless, /own\.data/],
    [dir.path, /not a plain file/],
    [null, /not in a plain image file/],
  ]
  for (const [path, words] of cases) {
    await expect(readOfflineImage('Alpha', { id: 'vda', imagePath: path, format: 'qcow2' })).rejects.toMatchObject({
      code: 'backup/disk-excluded',
      message: expect.stringMatching(words),
      params: { disk: 'vda' },
    })
  }
})

it('the daemon keeps to itself, ends with its Floe and leaves no folder, also after SIGKILL', async () => {
  const module = new URL('../../../electron/core/storage-daemon/storage-daemon.ts', import.meta.url).href
  const script = `import { startStorageDaemon } from ${JSON.stringify(module)}
    const daemon = await startStorageDaemon({ clock: { now: () => new Date(), monotonic: () => performance.now() } })
    console.log(daemon.pid)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = Number(await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data)))))
  expect(isAlive(pid)).toBe(true)
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const folder = /path=(.*)\/s,/.exec(args.join(' '))?.[1] as string
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  child.kill('SIGKILL')
  await until(() => !isAlive(pid), 'the daemon to end after Floe')
  await until(() => !existsSync(folder), 'its folder to go')
})
