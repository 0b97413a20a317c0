import { basename } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newImageName, restoringPathOf, undoPathOf } from '../../../../electron/core/restore/names.ts'

const at = new Date(2026, 10, 22, 14, 20)

describe('names of a restore', () => {
  it('tell when an undo copy was made and keep the extension', () => {
    expect(undoPathOf('/vm/debian-root.qcow2', at, () => false)).toBe('/vm/debian-root.undo-1122-1420.qcow2')
    expect(undoPathOf('/vm/disk', at, () => false)).toBe('/vm/disk.undo-1122-1420')
    const taken = new Set(['/vm/a.undo-1122-1420.img', '/vm/a.undo-1122-1420-2.img'])
    expect(undoPathOf('/vm/a.img', at, (path) => taken.has(path))).toBe('/vm/a.undo-1122-1420-3.img')
  })

  it('fit into a file system and stay in the folder, whatever the machine is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'grapheme' }), (machine, disk) => {
        const name = newImageName(machine, disk, '2026-11-22T14:20:00.000Z', 'qcow2')
        expect(name).toBe(basename(name))
        expect(name).toMatch(/^[\p{L}\p{N}_][\p{L}\p{N}._-]*-20261122T142000Z\.qcow2$/u)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
      }),
    )
    const long = `/vm/${'ü'.repeat(125)}.img`
    expect(Buffer.byteLength(basename(undoPathOf(long, at, () => false)))).toBeLessThanOrEqual(255)
    expect(restoringPathOf(long, 'abcdefghijkl')).toMatch(/\.restoring-abcdefghijkl$/)
    expect(Buffer.byteLength(basename(restoringPathOf(long, 'abcdefghijkl')))).toBeLessThanOrEqual(255)
  })
})
