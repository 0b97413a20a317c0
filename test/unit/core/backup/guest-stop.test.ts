import { expect, test } from 'vitest'
import { causeOf, type GuestError } from '../../../../electron/core/backup/guest-stop.ts'
import { causeOfStop, type RunContext } from '../../../../electron/core/backup/run-context.ts'

const error = (change: Partial<GuestError> = {}): GuestError => ({
  operation: 'write',
  node: 'floe-abcdefghijkl-f0',
  noSpace: true,
  reason: 'No space left on device',
  ...change,
})
const roomy = { targets: ['/tmp/target'], sources: ['/tmp/source'], isOtherDisk: (node: string) => node === 'other' }

test('only proof makes a failed write of the guest its own: a read, or a disk that is not backed up', async () => {
  expect(await causeOf(error({ operation: 'read' }), roomy)).toBe('own-disk')
  expect(await causeOf(error({ node: 'other' }), roomy)).toBe('own-disk')
  expect(await causeOf(error({ noSpace: false }), roomy)).toBe('unknown')
  expect(await causeOf(error(), roomy)).toBe('unknown')
  expect(await causeOf(null, roomy)).toBe('unknown')
})

test('a copy that gives way to the guest is not blamed for a drive that fails', async () => {
  const after = (guestSafe: boolean, noSpace: boolean) =>
    causeOfStop({
      header: { machineId: 'm', plan: { guestSafe, disks: [] } },
      deps: { machines: { list: () => [] } },
      partial: null,
      guestError: error({ noSpace }),
    } as unknown as RunContext)
  expect(await after(true, false)).toBe('own-disk')
  expect(await after(true, true)).toBe('unknown')
  expect(await after(false, false)).toBe('unknown')
})

test('a place that cannot be looked at, or tells no size, is not full: the guest is let go on in doubt', async () => {
  expect(await causeOf(null, { ...roomy, targets: ['/no/such/place'], sources: ['/no/such/place'] })).toBe('unknown')
  expect(await causeOf(error(), { ...roomy, targets: ['/proc/self/status'], sources: ['/proc/self/status'] })).toBe(
    'unknown',
  )
})
