import { describe, expect, it } from 'vitest'
import { matchDisks } from '../../../../electron/core/restore/match.ts'
import type { Disk } from '../../../../shared/domain/disk.ts'
import { DiskId } from '../../../../shared/domain/ids.ts'
import type { PointDisk } from '../../../../shared/domain/point.ts'

const pointDisk = (id: string, sourcePath: string | null): PointDisk => ({
  id: DiskId.parse(id),
  file: `disk-${id}.qcow2`,
  format: 'qcow2',
  virtualSize: 1 << 20,
  bytesCopied: 0,
  fileSize: 0,
  contentRoot: null,
  sourcePath,
  sourceFormat: 'qcow2',
  firmware: false,
  basis: 'all',
  basisReason: '',
  parentId: null,
  bitmap: null,
  witness: null,
})

const current = (id: string, imagePath: string | null, change: Partial<Disk> = {}): Disk => ({
  id: DiskId.parse(id),
  node: null,
  qdev: null,
  aliases: [],
  format: 'qcow2',
  virtualSize: 1 << 20,
  allocatedSize: 0,
  imagePath,
  backingChain: [],
  readOnly: false,
  removable: false,
  firmware: false,
  exclusion: null,
  tracking: { kind: 'unknown' },
  ...change,
})

const outcome = (point: PointDisk[], disks: Disk[]) =>
  matchDisks(point, disks).map((match) => (match.kind === 'image' ? match.imagePath : match.text))

describe('the image that a disk of a restore point replaces', () => {
  it('is the one with its name, wherever that image is now', () => {
    expect(outcome([pointDisk('vda', '/old/a')], [current('vda', '/new/a'), current('vdb', '/b')])).toEqual(['/new/a'])
  })

  it('is the one at its old path when the disk has another name now', () => {
    expect(outcome([pointDisk('vda', '/a')], [current('sda', '/a')])).toEqual(['/a'])
  })

  it('is not guessed when name and path disagree', () => {
    const [text] = outcome([pointDisk('vda', '/b')], [current('vda', '/a'), current('vdb', '/b')])
    expect(text).toContain("can't tell")
  })

  it('is none when the disk is gone, read-only, no file, or of a format that Floe does not write', () => {
    const point = [pointDisk('vda', '/a')]
    expect(outcome(point, [])[0]).toContain('no disk vda')
    expect(outcome(point, [current('vda', '/a', { readOnly: true })])[0]).toContain('read-only')
    expect(outcome(point, [current('vda', null)])[0]).toContain('not an image file')
    expect(outcome(point, [current('vda', '/a', { format: 'vmdk' })])[0]).toContain('vmdk')
  })

  it('is never the same for two disks', () => {
    const texts = outcome([pointDisk('vda', '/a'), pointDisk('old', '/a')], [current('vda', '/a')])
    expect(texts.every((text) => text.includes('same image'))).toBe(true)
  })
})
