import { describe, expect, it } from 'vitest'
import { createActions } from '../../../renderer/src/state/actions.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { destinationId, fullProblem } from '../support/sample.ts'

const input = { destinationId: destinationId('T7') }

describe('asking the host', () => {
  it('keeps a refusal visible until trying again succeeds', async () => {
    const bridge = createFakeBridge()
    const actions = createActions(bridge)
    bridge.answer('destinations.remove', () => ({ ok: false, problem: fullProblem }))
    expect(await actions.run('destinations.remove', input)).toBeNull()
    const [shown] = actions.problems.getState()
    expect(shown?.problem.code).toBe('backup/destination-full')
    bridge.answer('destinations.remove', () => ({ ok: true, value: {} }))
    shown?.retry()
    expect(actions.problems.getState()).toEqual([])
    expect(bridge.asked.filter((call) => call.name === 'destinations.remove')).toHaveLength(2)
  })

  it('shows the same call’s refusal once', async () => {
    const bridge = createFakeBridge()
    const actions = createActions(bridge)
    await actions.run('destinations.remove', input)
    await actions.run('destinations.remove', input)
    expect(actions.problems.getState()).toHaveLength(1)
  })

  it('turns a broken connection into a problem instead of an exception', async () => {
    const bridge = createFakeBridge()
    const actions = createActions({ ...bridge, invoke: () => Promise.reject(new Error('socket closed')) })
    const result = await actions.ask('destinations.list', {})
    expect(result.ok ? null : result.problem.code).toBe('ipc/disconnected')
    expect(result.ok ? [] : result.problem.causes).toEqual(['socket closed'])
  })
})
