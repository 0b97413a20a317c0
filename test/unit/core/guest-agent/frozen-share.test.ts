import { describe, expect, test } from 'vitest'
import { eachOnce, frozenShare } from '../../../../electron/core/guest-agent/frozen-share.ts'
import type { MountedFileSystem } from '../../../../electron/core/guest-agent/types.ts'

const root = { mountpoint: '/', type: 'ext4', device: 'vda1' }
const efi = { mountpoint: '/boot/efi', type: 'vfat', device: 'vda2' }
const data = { mountpoint: '/data', type: 'xfs', device: 'vdb' }
const bound = { mountpoint: '/srv', type: 'xfs', device: 'vdb' }
const all = [root, efi, data, bound]
const share = (
  mountpoints: readonly string[] | null,
  count: number,
  mounted: readonly MountedFileSystem[] | null = all,
  required = false,
) => frozenShare({ machineName: 'debian', mountpoints, mounted, count, required })
const names = (answer: ReturnType<typeof share>) =>
  answer.kind === 'enough' ? answer.fileSystems.map(({ mountpoint }) => mountpoint) : answer.kind

describe('a freeze of all file systems', () => {
  test('is of those that can be frozen, one mounted twice counted once', () => {
    expect(share(null, 2)).toEqual({
      kind: 'enough',
      partial: false,
      fileSystems: [root, data, bound].map(({ mountpoint, type }) => ({ mountpoint, type })),
    })
  })

  test('that froze fewer names none and says that it is not of all', () => {
    expect(share(null, 1)).toEqual({ kind: 'enough', partial: true, fileSystems: [] })
  })

  test('that is required is of all of them or none', () => {
    expect(share(null, 2, all, true)).toMatchObject({ kind: 'enough', partial: false })
    expect(share(null, 1, all, true)).toEqual({
      kind: 'too-few',
      why: 'Of 2 file systems of debian only 1 could be frozen.',
    })
    expect(share(['/data'], 1, all, true)).toMatchObject({ kind: 'enough', partial: true })
  })

  test('is believed of an agent that may not tell what is mounted, unless it froze none', () => {
    expect(share(null, 2, null)).toEqual({ kind: 'enough', partial: false, fileSystems: [] })
    expect(share(null, 0, null)).toMatchObject({ kind: 'too-few' })
  })
})

describe('a freeze of named file systems', () => {
  test('names those that were frozen, and is partial while there are others', () => {
    expect(share(['/data'], 1)).toMatchObject({ partial: true, fileSystems: [{ mountpoint: '/data', type: 'xfs' }] })
    expect(share(['/', '/data'], 2)).toMatchObject({ partial: false })
    expect(names(share(['/data', '/srv'], 1))).toEqual(['/data', '/srv'])
  })

  test.each([
    [['/data', '/typo'], 1, 'debian has nothing mounted at /typo that can be frozen.'],
    [['/a', '/b', '/c'], 0, 'debian has nothing mounted at /a, /b and /c that can be frozen.'],
    [['/data', '/boot/efi'], 1, 'What debian has mounted at /boot/efi (vfat) cannot be frozen.'],
    [['/', '/data'], 1, 'Of the chosen mount points of debian (/, /data), only 1 could be frozen.'],
  ])('%j of which the guest froze %i counts for nothing', (mountpoints, count, why) => {
    expect(share(mountpoints, count)).toEqual({ kind: 'too-few', why })
  })

  test('counts every mount point when the agent may not tell what is mounted', () => {
    expect(share(['/data', '/typo'], 1, null)).toEqual({
      kind: 'too-few',
      why: 'Of the chosen mount points of debian (/data, /typo), only 1 could be frozen.',
    })
    expect(share(['/data'], 1, null)).toEqual({
      kind: 'enough',
      partial: true,
      fileSystems: [{ mountpoint: '/data', type: '' }],
    })
  })

  test('of no mount point at all counts for nothing', () => {
    expect(share([], 0)).toMatchObject({ kind: 'too-few' })
  })
})

test('mount points are taken once, without the slash at their end', () => {
  expect(eachOnce(['/data/', '/data', '/', '//', 'C:\\'])).toEqual(['/data', '/', 'C:\\'])
})
