import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

const clock = { now: () => new Date(), monotonic: () => performance.now() }

test('Floe talks to a real QEMU: version, commands, refusals, capabilities from its schema', async () => {
  await using qemu = await startQemu()
  const session = await connectQmp({ kind: 'unix', path: qemu.qmpPath }, { clock })
  expect(session.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(await session.execute('query-status')).toMatchObject({ running: false })
  await expect(session.execute('job-dismiss', { id: 'nobody' })).rejects.toMatchObject({
    code: 'machine/qemu-refused',
    text: 'Job not found',
  })
  const can = await session.capabilities()
  expect(can.hasCommand('blockdev-backup')).toBe(true)
  expect(can.hasArgument('blockdev-backup', 'x-perf.max-workers')).toBe(true)
  expect(can.hasArgument('blockdev-backup', 'no-such-argument')).toBe(false)
  expect(can.hasDriver('copy-before-write', 'on-cbw-error')).toBe(true)
  expect(can.hasDriver('qcow2', 'file')).toBe(true)
  await session.close()
})

test('a pretty-printing QMP socket over TCP works as well', async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  await using _qemu = await startQemu({ args: ['-qmp-pretty', `tcp:127.0.0.1:${port},server=on,wait=off`] })
  const session = await connectQmp({ kind: 'tcp', host: '127.0.0.1', port }, { clock })
  expect(await session.execute('query-name')).toEqual({ name: 'test-machine' })
  await session.close()
})

test('events of a command reach the listener that was there before it', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '8M')
  await using qemu = await startQemu({ disks: [{ id: 'd', path, format: 'qcow2' }] })
  const session = await connectQmp({ kind: 'unix', path: qemu.qmpPath }, { clock })
  using listener = session.listen(['RESUME', 'STOP'])
  await session.execute('cont')
  await session.execute('stop')
  expect((await listener.next())?.event).toBe('RESUME')
  expect((await listener.next())?.event).toBe('STOP')
  await session.close()
})

test.each(['unix', 'tcp'] as const)('when QEMU is killed, every call waiting over %s fails cleanly', async (kind) => {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  await using qemu = await startQemu({ args: ['-qmp', `tcp:127.0.0.1:${port},server=on,wait=off`] })
  const endpoint: QmpEndpoint =
    kind === 'unix' ? { kind: 'unix', path: qemu.qmpPath } : { kind: 'tcp', host: '127.0.0.1', port }
  const session = await connectQmp(endpoint, { clock })
  using listener = session.listen(['STOP'])
  process.kill(qemu.pid, 'SIGSTOP')
  const calls = ['query-status', 'query-block', 'query-jobs'].map((command) => session.execute(command))
  const settled = Promise.allSettled(calls)
  await qemu.kill()
  for (const call of await settled) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'machine/interrupted' } })
  }
  expect(await session.closed).toMatchObject({ code: 'machine/interrupted' })
  expect(await listener.next()).toBeNull()
})
