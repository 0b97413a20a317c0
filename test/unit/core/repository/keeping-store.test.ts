import { expect, it } from 'vitest'
import type { Catalog } from '../../../../electron/core/repository/catalog.ts'
import { createKeepingStore } from '../../../../electron/core/repository/keeping-store.ts'
import { Pins } from '../../../../electron/core/repository/pins.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { newMachineId, newPointId, repositoryPorts } from '../../../support/repository.ts'

it('a deletion lets go of its points even when the destinations cannot be looked at afterwards', async () => {
  const point = { id: newPointId(), machineId: newMachineId(), path: '/nonexistent', createdAt: '' } as unknown as Point
  const stored = { point, sequence: 1, backedBy: [], newer: false }
  const catalog = {
    stored: () => stored,
    storedAt: () => [stored],
    isChecking: () => false,
    refresh: () => Promise.reject(new Error('The drive hangs.')),
  } as unknown as Catalog
  const pins = new Pins()
  const assertWritable = () => Promise.reject(new Error('The drive is gone.'))
  const { deletePoints } = createKeepingStore({ ports: repositoryPorts(), catalog, pins, assertWritable })
  await expect(deletePoints([point.id])).rejects.toThrow('The drive hangs.')
  expect(pins.isSeized(point.id)).toBe(false)
})
