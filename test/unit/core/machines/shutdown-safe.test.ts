import { expect, it } from 'vitest'
import { planHold } from '../../../../electron/core/machines/shutdown-safe.ts'
import type { QmpCapabilities } from '../../../../electron/core/qmp/types.ts'

const able: QmpCapabilities = { hasCommand: () => true, hasArgument: () => true, hasDriver: () => true }
const unable: QmpCapabilities = { ...able, hasArgument: (command) => command !== 'set-action' }
const actions = { shutdown: 'poweroff', panicEnds: true, certain: true } as const

it('a QEMU that would end with its guest is kept', () => {
  expect(planHold({ capabilities: able, actions, status: 'running' })).toEqual({ panicEnds: true })
})

it.each([
  ['cannot be told', { capabilities: unable, actions, status: 'running' }],
  ['stays anyway', { capabilities: able, actions: { ...actions, shutdown: 'pause' as const }, status: 'running' }],
  ['has a start command that nobody knows', { capabilities: able, actions: null, status: 'running' }],
  ['reads options from a file', { capabilities: able, actions: { ...actions, certain: false }, status: 'running' }],
  ['was kept by somebody else', { capabilities: able, actions, status: 'shutdown' }],
])('a QEMU that %s is left as it is', (_why, given) => {
  expect(planHold(given)).toBeNull()
})
