import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { addPoint, never, noProgress, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

/** First block of the drive that holds the file's byte `at`, in bytes. */
function placeOnDrive(path: string, at: number): number {
  const report = execFileSync('filefrag', ['-v', '-b1024', path], { encoding: 'utf8' })
  for (const line of report.split('\n')) {
    const found = /^\s*\d+:\s+(\d+)\.\.\s*(\d+):\s+(\d+)\.\./.exec(line)
    if (!found) continue
    const [first, last, physical] = found.slice(1).map(Number) as [number, number, number]
    const block = Math.floor(at / 1024)
    if (block >= first && block <= last) return (physical + block - first) * 1024 + (at % 1024)
  }
  throw new Error(report)
}

it('a check sees what is on the drive, not what the system remembers of it', async () => {
  using drive = volume('ext4', 64)
  await using test = await testRepository()
  const destination = await test.repository.addDestination(drive.path, null)
  const point = await addPoint(test.repository, destination)
  await test.repository.computeIndex(point.id, noProgress, never)
  const image = join(point.path, point.disks[0]?.file ?? '')
  const file = openSync(image, 'r')
  fsyncSync(file)
  closeSync(file)
  const at = readFileSync(image).indexOf(Buffer.alloc(4096, 7)) + 100
  const device = execFileSync('findmnt', ['-no', 'SOURCE', drive.path], { encoding: 'utf8' }).trim()
  execFileSync('dd', [`of=${device}`, 'bs=1', 'count=1', `seek=${placeOnDrive(image, at)}`, 'conv=notrunc,fsync'], {
    input: Buffer.from([8]),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  expect(readFileSync(image)[at]).toBe(7)
  expect(await test.repository.verify(point.id, 'content', noProgress, never)).toMatchObject({
    ok: false,
    damage: [{ kind: 'content', diskId: 'vda' }],
  })
})

it('a drive that cannot be read past the memory of the system is checked all the same', async () => {
  using place = tempDir()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', place.path])
  try {
    await using test = await testRepository()
    const destination = await test.repository.addDestination(place.path, null)
    const point = await addPoint(test.repository, destination)
    await test.repository.computeIndex(point.id, noProgress, never)
    expect(await test.repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: true })
  } finally {
    execFileSync('umount', [place.path])
  }
})
