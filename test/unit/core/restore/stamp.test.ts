import { link, writeFile } from 'node:fs/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { placeOf, putInPlace, takeBack } from '../../../../electron/core/restore/exchange.ts'
import type { JournalDisk } from '../../../../electron/core/restore/journal.ts'
import { areOneFile, stampOf } from '../../../../electron/core/restore/stamp.ts'
import { diskId } from '../../../support/repository.ts'
import { tempDir } from '../../../support/temp.ts'

/** A file server's inodes: 64 bits, neighbours that are one number for JavaScript. */
const inodes = vi.hoisted(() => ({ offset: 0n }))
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const lstat = async (path: string, options?: { bigint?: boolean }) => {
    const exact = await real.lstat(path, { bigint: true })
    const ino = exact.ino + inodes.offset
    if (options?.bigint) return Object.assign(exact, { ino })
    return Object.assign(await real.lstat(path), { ino: Number(ino) })
  }
  return { ...real, lstat }
})

afterEach(() => {
  inodes.offset = 0n
})

it('two files of a server with 64-bit inodes are never taken for one', async () => {
  using dir = tempDir()
  inodes.offset = 1n << 62n
  const [a, b] = [dir.file('a'), dir.file('b')]
  await writeFile(a, 'same')
  await writeFile(b, 'same')
  expect(await areOneFile(a, b)).toBe(false)
  await link(a, dir.file('c'))
  expect(await areOneFile(a, dir.file('c'))).toBe(true)
})

it('a swap on such a server knows which image is which, and taking it back keeps the old one', async () => {
  using dir = tempDir()
  inodes.offset = 1n << 62n
  const paths = { imagePath: dir.file('vda.img'), incomingPath: dir.file('new'), undoPath: dir.file('undo') }
  await writeFile(paths.imagePath, 'the old image')
  await writeFile(paths.incomingPath, 'the new image')
  const stamps = { old: await stampOf(paths.imagePath), incoming: await stampOf(paths.incomingPath) }
  const disk: JournalDisk = { diskId: diskId('vda'), ...paths, ...stamps, oldBytes: 0 }
  expect(await placeOf(disk)).toBe('old')
  await putInPlace(disk, () => {}, '0')
  expect(await placeOf(disk)).toBe('new')
  await takeBack(disk, false, () => {}, '0')
  expect(await placeOf(disk)).toBe('old')
  expect(await stampOf(paths.imagePath)).toEqual(stamps.old)
})
