import { expect, it } from 'vitest'
import { bitmapName, endMarkOf, parseBitmapName, withoutEndMark } from '../../../../electron/core/tracking/naming.ts'
import { DestinationId, DiskId, PointId } from '../../../../shared/domain/ids.ts'

const destinationId = DestinationId.parse('d00000000001')
const pointId = PointId.parse('p00000000001')

it('a bitmap is named by its destination, its point and its disk', () => {
  const first = bitmapName({ destinationId, pointId, diskId: DiskId.parse('virtio0') })
  expect(first).toMatch(/^floe-d00000000001-p00000000001-[0-9a-f]{8}$/)
  expect(bitmapName({ destinationId, pointId, diskId: DiskId.parse('virtio1') })).not.toBe(first)
  expect(parseBitmapName(first)).toEqual({ destinationId, pointId })
  expect(parseBitmapName(endMarkOf(first))).toEqual({ destinationId, pointId })
  expect(withoutEndMark(endMarkOf(first))).toBe(first)
  expect(withoutEndMark(first)).toBe(first)
})

it('bitmaps of others are not taken for ours', () => {
  const foreign = ['bk-0001', 'floe-written', 'floe-', 'floe-short-p00000000001', 'x-floe-d00000000001-p00000000001']
  for (const name of [...foreign, 'floe-d00000000001-p00000000001-x', 'floe-d00000000001-p00000000001-00000000-t']) {
    expect(parseBitmapName(name), name).toBeNull()
  }
})
