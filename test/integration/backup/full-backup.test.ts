import { copyFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

/** What QEMU still has of Floe. */
async function leftovers(qemu: TestQemu): Promise<string[]> {
  const jobs = await qemu.monitor.command<{ id: string }[]>('query-jobs')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  return [...jobs.map((job) => job.id), ...nodes.map((node) => node['node-name'])].filter((name) =>
    name.startsWith('floe-'),
  )
}

test('a backup is the disk of its start instant, while somebody keeps writing through the device', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '256M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  for (let index = 0; index < 48; index += 1) await qemu.write('vda', `${index * 4}M`, '2M', 10 + index)
  await qemu.flush('vda')
  const before = dir.file('before.qcow2')
  copyFileSync(path, before)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { limit: 4 << 20, check: true })
  await world.reach(id, 'copying')
  let writes = 0
  while (world.floe.board.get(id).state.kind === 'copying') {
    if (writes === 30) await world.floe.board.setLimit(id, null)
    await qemu.write('vda', `${(writes * 37) % 250}M`, '512k', 200 + (writes % 50))
    writes += 1
  }
  const job = await world.floe.board.whenFinal(id)
  const point = world.pointOf(job)
  expect(writes).toBeGreaterThan(10)
  expect(await difference(before, world.image(point, 'vda'))).toBeNull()
  await run('qemu-img', 'check', world.image(point, 'vda'))
  expect(point.index).toEqual({ kind: 'complete' })
  expect(point.consistency).toBe('crash-consistent')
  expect(point.disks[0]?.bytesCopied).toBeGreaterThan(90 << 20)
  expect(job.progress?.fraction).toBe(1)
  expect(job.phases.map((phase) => phase.state)).toEqual(['done', 'skipped', 'done', 'done', 'done'])
  expect(await leftovers(qemu)).toEqual([])
  expect(world.journals()).toEqual([])
  expect(world.partials()).toEqual([])
  expect(world.floe.activity.list()[0]).toMatchObject({ level: 'success', jobId: id })
})

test('two disks share one instant, whatever is written to both in turn', async () => {
  using dir = tempDir()
  const disks = await Promise.all(
    ['one', 'two'].map(async (id) => ({
      id,
      path: await createImage(dir.file(`${id}.qcow2`), '64M'),
      format: 'qcow2' as const,
    })),
  )
  await using qemu = await startQemu({ disks })
  for (const { id } of disks) await qemu.write(id, '1M', '40M', 7)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  // A sequence number goes to both disks in turn: at any instant they are equal, or the first is one ahead.
  let number = 0
  let ended = false
  const writer = (async () => {
    while (!ended) {
      number = (number % 250) + 1
      for (const { id } of disks) await qemu.write(id, 0, '4k', number)
    }
  })()
  const job = await world.run(machine)
  ended = true
  await writer
  const point = world.pointOf(job)
  const [one, two] = await Promise.all(disks.map(({ id }) => firstByte(world.image(point, id), dir.path)))
  expect(number).toBeGreaterThan(1)
  expect([two, ((two as number) % 250) + 1]).toContain(one)
  expect(point.disks.map((disk) => disk.id)).toEqual(['n-one', 'n-two'])
})

async function firstByte(image: string, dir: string): Promise<number> {
  const raw = join(dir, `first-${basename(image)}`)
  await run('qemu-img', 'dd', '-f', 'qcow2', '-O', 'raw', `if=${image}`, `of=${raw}`, 'bs=512', 'count=1')
  const hex = await run('od', '-An', '-tu1', '-N1', raw)
  rmSync(raw)
  return Number(hex)
}

test('foreign -drive disks without node names, UEFI variables among them, are backed up', async () => {
  using dir = tempDir()
  const data = await createImage(dir.file('data.raw'), '16M', 'raw')
  const code = await createImage(dir.file('code.fd'), '64k', 'raw')
  const vars = await createImage(dir.file('vars.fd'), '64k', 'raw')
  await using qemu = await startQemu({
    args: [
      ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
      ...['-drive', `if=pflash,unit=1,format=raw,file=${vars}`],
      ...['-drive', `if=none,id=old,format=raw,file=${data}`],
      ...['-device', 'virtio-blk-pci,drive=old,id=olddev'],
    ],
  })
  await qemu.write('olddev', '1M', '3M', 5)
  await qemu.flush('olddev')
  await using world = await backupWorld()
  const point = world.pointOf(await world.run(await world.machine(qemu)))
  expect(point.disks.map((disk) => disk.firmware).sort()).toEqual([false, true])
  const disk = point.disks.find((candidate) => !candidate.firmware)
  expect(await difference(data, `${point.path}/${disk?.file}`, { a: 'raw', b: 'qcow2' })).toBeNull()
})

test('any path works, for images and for destinations', async () => {
  for (const name of ['with space', `quo"te'd`, 'new\nline', '100%25', 'a,b,,c', 'json:{x}:y', 'Ünïcode-日本', '-rf']) {
    using dir = tempDir()
    const path = await createImage(dir.file(`${name}.qcow2`), '8M')
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
    await qemu.write('vda', '1M', '2M', 3)
    await qemu.flush('vda')
    await using world = await backupWorld({ destinationPath: dir.file(name) })
    const point = world.pointOf(await world.run(await world.machine(qemu)))
    await qemu.quit()
    expect(await difference(path, world.image(point, 'vda')), name).toBeNull()
  }
})
