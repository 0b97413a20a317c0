import { expect, test } from 'vitest'
import { capabilitiesOf, type SchemaEntry } from '../../../../electron/core/qmp/capabilities.ts'

// The shape QEMU 7.2 answers with: type names are numbers.
const schema: readonly SchemaEntry[] = [
  { name: 'blockdev-backup', 'meta-type': 'command', 'arg-type': '10' },
  {
    name: '10',
    'meta-type': 'object',
    members: [
      { name: 'target', type: 'str' },
      { name: 'x-perf', type: '11' },
    ],
  },
  { name: '11', 'meta-type': 'object', members: [{ name: 'max-workers', type: 'int' }] },
  { name: 'str', 'meta-type': 'builtin' },
  { name: 'blockdev-add', 'meta-type': 'command', 'arg-type': '20' },
  {
    name: '20',
    'meta-type': 'object',
    members: [{ name: 'driver', type: '21' }],
    variants: [{ case: 'copy-before-write', type: '22' }],
  },
  { name: '22', 'meta-type': 'object', members: [{ name: 'on-cbw-error', type: '21' }] },
]

test('capabilities are found by following the links of the schema', () => {
  const can = capabilitiesOf(schema)
  expect(can.hasCommand('blockdev-backup')).toBe(true)
  expect(can.hasCommand('10')).toBe(false)
  expect(can.hasArgument('blockdev-backup', 'x-perf.max-workers')).toBe(true)
  expect(can.hasArgument('blockdev-backup', 'x-perf.min-cluster-size')).toBe(false)
  expect(can.hasArgument('blockdev-backup', 'on-cbw-error')).toBe(false)
  expect(can.hasArgument('no-such-command', 'x')).toBe(false)
  expect(can.hasDriver('copy-before-write', 'on-cbw-error')).toBe(true)
  expect(can.hasDriver('copy-before-write', 'cbw-timeout')).toBe(false)
  expect(can.hasDriver('snapshot-access')).toBe(false)
})
