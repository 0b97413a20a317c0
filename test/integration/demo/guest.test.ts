import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startDemoGuest, verifyDemoImage } from '../../support/demo-guest.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

it('the guest counts under a BIOS, and goes on from its disk under UEFI on another processor', async () => {
  using dir = tempDir()
  const { diskPath } = await countOnce({ firmware: 'bios', keepIn: dir.file('d.qcow2') })
  const before = await verifyDemoImage(diskPath)
  expect(before).toMatchObject({ ok: true, problems: [] })
  await using uefi = await startDemoGuest({ firmware: 'uefi', diskPath })
  expect(uefi.counter()).toBeGreaterThan(before.counter as number)
  await uefi.waitFor((before.counter as number) + 30)
  await uefi.kill()
  const after = await verifyDemoImage(diskPath)
  expect(after).toMatchObject({ ok: true, problems: [] })
  expect(after.counter).toBeGreaterThan(before.counter as number)
})

async function countOnce(options: { firmware: 'bios'; keepIn: string }): Promise<{ diskPath: string }> {
  await using guest = await startDemoGuest(options)
  await guest.waitFor(200)
  await guest.quit()
  await run('cp', guest.diskPath, options.keepIn)
  return { diskPath: options.keepIn }
}

it('a killed QEMU leaves a disk that shows one instant', async () => {
  await using guest = await startDemoGuest()
  await guest.waitFor(1500)
  await guest.kill()
  expect(await verifyDemoImage(guest.diskPath)).toMatchObject({ ok: true, problems: [] })
})

it('a backup by QEMU shows the instant it began, while a slow copy of the image file does not', async () => {
  await using guest = await startDemoGuest({ blocks: 2048 })
  await guest.waitFor(300)
  const target = guest.dir.file('backup.qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', target, String(16 << 20))
  await guest.monitor.command('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'target',
    file: { driver: 'file', filename: target },
  })
  const before = guest.counter()
  const speed = 8 << 20
  await guest.monitor.command('blockdev-backup', {
    'job-id': 'b',
    device: 'n-demo',
    target: 'target',
    sync: 'full',
    speed,
  })
  const started = guest.counter()
  const torn = guest.dir.file('torn.qcow2')
  await copyWhileItCounts(guest.diskPath, torn, guest.counter)
  const isDone = () => guest.monitor.events.some((event) => event.event === 'BLOCK_JOB_COMPLETED')
  await until(isDone, 'the backup to end')
  await guest.monitor.command('blockdev-del', { 'node-name': 'target' })
  expect(guest.counter()).toBeGreaterThan(started + 50)
  const good = await verifyDemoImage(target)
  expect(good).toMatchObject({ ok: true, problems: [] })
  expect(good.counter).toBeGreaterThanOrEqual(before)
  expect(good.counter).toBeLessThanOrEqual(started + 1)
  const bad = await verifyDemoImage(torn)
  expect(bad.ok).toBe(false)
  expect(bad.problems.join()).toContain('from the future')
})

/** The negative control: what a backup by `cp` does. Reads on only after the guest has counted further. */
async function copyWhileItCounts(source: string, target: string, counter: () => number): Promise<void> {
  const [input, output] = [openSync(source, 'r'), openSync(target, 'w')]
  const piece = Buffer.alloc(1 << 20)
  for (let offset = 0; ; ) {
    const length = readSync(input, piece, 0, piece.length, offset)
    if (length === 0) break
    writeSync(output, piece, 0, length, offset)
    offset += length
    const now = counter()
    await until(() => counter() > now + 20, 'the guest to count on')
  }
  closeSync(input)
  closeSync(output)
}
