import { expect, test } from 'vitest'
import type { PlannedDisk } from '../../../../electron/core/backup/plan.ts'
import { resizedNote } from '../../../../electron/core/backup/resized.ts'
import { samplePoint } from '../../shared/text/samples.ts'

const plan = (virtualSize: number) => ({ disks: [{ id: 'vda', virtualSize } as PlannedDisk] })

test('a disk that changed size since the newest point is told with both sizes, and only then', () => {
  const sized = (virtualSize: number, createdAt: string) => {
    const point = samplePoint({ createdAt })
    return { ...point, disks: point.disks.map((disk) => ({ ...disk, virtualSize })) }
  }
  const points = [sized(10e9, '2026-11-21T21:00:00Z'), sized(20e9, '2026-11-22T21:00:00Z')]
  expect(resizedNote(plan(20e9), points)).toBeNull()
  expect(resizedNote(plan(30e9), points)).toMatch(/^vda changed size: it was 20\.0\sGB, now 30\.0\sGB/)
  expect(resizedNote(plan(30e9), [])).toBeNull()
})
