import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStores, type Entities } from '../../../renderer/src/state/stores.ts'
import { applyMessage, startSync } from '../../../renderer/src/state/sync.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { TopicMessage } from '../../../shared/ipc/contract.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { machine, machineId } from '../support/sample.ts'

describe('following the host', () => {
  it('takes the snapshot, then each delta', () => {
    const bridge = createFakeBridge({ items: { machines: [machine('one')] } })
    const stores = createStores()
    const stop = startSync(bridge, stores)
    expect(Object.values(stores.machines.getState().byId).map((item) => item.name)).toEqual(['one'])
    bridge.push('machines', [machine('two')], [machineId('one')])
    expect(Object.values(stores.machines.getState().byId).map((item) => item.name)).toEqual(['two'])
    stop()
    bridge.push('machines', [machine('three')])
    expect(Object.keys(stores.machines.getState().byId)).toHaveLength(1)
  })

  it('asks anew when a delta was missed, and then has what was in it', async () => {
    const bridge = createFakeBridge({ items: { machines: [machine('one')] } })
    const stores = createStores()
    startSync(bridge, stores)
    bridge.pushUnheard('machines', [machine('missed')])
    bridge.push('machines', [machine('two')])
    await Promise.resolve()
    const names = Object.values(stores.machines.getState().byId).map((item) => item.name)
    expect(names.toSorted()).toEqual(['missed', 'one', 'two'])
    expect(bridge.subscriptions.get('machines')).toBe(2)
    expect(bridge.subscriptions.get('jobs')).toBe(1)
  })

  it('is not loaded before the first snapshot, even when a delta comes early', () => {
    const state: Entities<Destination> = { byId: {}, seq: -1, loaded: false }
    const delta: TopicMessage<'destinations'> = {
      kind: 'delta',
      topic: 'destinations',
      seq: 0,
      upserts: [],
      removals: [],
    }
    expect(applyMessage(state, delta)).toBe('gap')
  })

  it('ends with what the host has, whatever is dropped or repeated on the way', async () => {
    const step = fc.record({
      heard: fc.boolean(),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      removes: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const bridge = createFakeBridge()
        const stores = createStores()
        startSync(bridge, stores)
        const truth = new Set<string>()
        for (const { heard, id, removes } of steps) {
          if (!heard) {
            bridge.pushUnheard('machines', [machine(id)])
            truth.add(machineId(id))
          } else if (removes) {
            bridge.push('machines', [], [machineId(id)])
            truth.delete(machineId(id))
          } else {
            bridge.push('machines', [machine(id)])
            truth.add(machineId(id))
          }
        }
        bridge.push('machines', [machine('last')])
        truth.add(machineId('last'))
        await Promise.resolve()
        expect(Object.keys(stores.machines.getState().byId).toSorted()).toEqual([...truth].toSorted())
      }),
      { numRuns: 60 },
    )
  })
})
