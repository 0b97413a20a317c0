import { expect, it } from 'vitest'
import { backingName, backingPlace } from '../../../../electron/core/repository/backing.ts'

const folder = '/drive/machines/debian-k3f09vqj2a7x/.partial-p8d2mzq0c4ye'
const parent = '/drive/machines/debian-k3f09vqj2a7x/20260131-235959-aaaabbbbcccc'

it('a backing file is named the same way from the partial and from the final folder', () => {
  const name = backingName(parent, 'disk-vda.qcow2')
  expect(name).toBe('../20260131-235959-aaaabbbbcccc/disk-vda.qcow2')
  const place = { pointId: 'aaaabbbbcccc', folder: parent, file: 'disk-vda.qcow2' }
  expect(backingPlace(folder, name)).toEqual(place)
  expect(backingPlace('/drive/machines/debian-k3f09vqj2a7x/20260201-000000-p8d2mzq0c4ye', name)).toEqual(place)
})

it.each([
  '/etc/passwd',
  'disk-vda.qcow2',
  '../disk-vda.qcow2',
  '../../debian-k3f09vqj2a7x/20260131-235959-aaaabbbbcccc/disk-vda.qcow2',
  '../20260131-235959-aaaabbbbcccc/../../../secret',
  '../20260131-235959-aaaabbbbcccc/..',
  '../.partial-aaaabbbbcccc/disk-vda.qcow2',
  '../elsewhere/disk-vda.qcow2',
  'json:{"driver":"file","filename":"/etc/passwd"}',
  'nbd://server/disk',
])('no other name leads anywhere: %s', (name) => {
  expect(backingPlace(folder, name)).toBeNull()
})
