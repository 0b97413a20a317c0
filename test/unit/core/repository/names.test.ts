import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  imageFile,
  machineFolder,
  machineOfFolder,
  pointFolder,
  pointOfFolder,
  slug,
} from '../../../../electron/core/repository/names.ts'
import { DiskId } from '../../../../shared/domain/ids.ts'
import { newMachineId, newPointId } from '../../../support/repository.ts'

it('a point folder tells its time and id, and sorts by time', () => {
  const id = newPointId()
  expect(pointFolder('2026-02-03T04:05:06.789Z', id)).toBe(`20260203-040506-${id}`)
  expect(pointOfFolder(`20260203-040506-${id}`)).toEqual({ id, createdAt: '2026-02-03T04:05:06.000Z' })
  expect(pointOfFolder(`20261303-040506-${id}`)).toBeNull()
})

it('a machine folder is readable and tells the id, whatever the machine is called', () => {
  expect(slug('  Débian Server (test)! ', 'x')).toBe('debian-server-test')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const id = newMachineId()
      expect(machineOfFolder(machineFolder(name, id))).toBe(id)
    }),
  )
})

it('file names of disks are safe and never fall together on a file system that ignores case', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' }), { maxLength: 20 }),
      (ids) => {
        const files = ids.map((id) => imageFile(DiskId.parse(id)))
        expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(ids.length)
        for (const file of files) expect(file).toMatch(/^disk-[a-z0-9][a-z0-9._-]{0,80}\.qcow2$/)
      },
    ),
  )
  expect(imageFile(DiskId.parse('virtio0'))).toBe('disk-virtio0.qcow2')
  expect(imageFile(DiskId.parse('A'))).not.toBe(imageFile(DiskId.parse('a')))
})
