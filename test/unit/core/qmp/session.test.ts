import { expect, test } from 'vitest'
import { connectQmp } from '../../../../electron/core/qmp/connect.ts'
import { QmpExecuteError, QmpInterruptedError, QmpStateError } from '../../../../electron/core/qmp/errors.ts'
import { fakeQmp } from '../../../support/fake-qmp.ts'

const clock = { now: () => new Date(), monotonic: () => performance.now() }

test('replies may come in any order', async () => {
  const held: (() => void)[] = []
  await using server = await fakeQmp({
    onCommand: (command, client) => {
      held.push(() => client.send({ return: command.execute, id: command.id }))
      if (held.length === 3) for (const answer of held.reverse()) answer()
    },
  })
  const session = await connectQmp(server.endpoint, { clock })
  expect(session.version).toBe('7.2.22')
  expect(await Promise.all(['a', 'b', 'c'].map((name) => session.execute(name)))).toEqual(['a', 'b', 'c'])
  await session.close()
})

test("a refused command carries QEMU's class and text, and the connection lives on", async () => {
  await using server = await fakeQmp({
    onCommand: (command, client) =>
      command.execute === 'bad'
        ? client.send({ error: { class: 'DeviceNotFound', desc: 'Node not found' }, id: command.id })
        : client.send({ return: 1, id: command.id }),
  })
  const session = await connectQmp(server.endpoint, { clock })
  const error = await session.execute('bad').catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(QmpExecuteError)
  expect(error).toMatchObject({ code: 'machine/qemu-refused', qmpClass: 'DeviceNotFound', text: 'Node not found' })
  expect(await session.execute('good')).toBe(1)
  await session.close()
})

test('an error without an id means that the connection is broken: every waiting call fails', async () => {
  await using server = await fakeQmp({
    onCommand: (_command, client) => client.send({ error: { class: 'GenericError', desc: 'JSON parse error' } }),
  })
  const session = await connectQmp(server.endpoint, { clock })
  const calls = await Promise.allSettled([session.execute('a'), session.execute('b')])
  for (const call of calls) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'machine/interrupted' } })
  }
  expect(await session.closed).toMatchObject({ code: 'machine/speaks-garbage' })
})

test('a reply with an id nobody waits for is dropped', async () => {
  await using server = await fakeQmp({
    onCommand: (command, client) => {
      client.send({ return: 'stale', id: 'floe-99' })
      client.send({ return: 'mine', id: command.id })
    },
  })
  const session = await connectQmp(server.endpoint, { clock })
  expect(await session.execute('a')).toBe('mine')
  await session.close()
})

test('a call ends at its deadline or when it is called off, and a late reply harms nobody', async () => {
  const late: (() => void)[] = []
  await using server = await fakeQmp({
    onCommand: (command, client) => {
      if (command.execute === 'slow') late.push(() => client.send({ return: {}, id: command.id }))
      else client.send({ return: 'quick', id: command.id })
    },
  })
  const session = await connectQmp(server.endpoint, { clock })
  await expect(session.execute('slow', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'machine/timeout' })
  const controller = new AbortController()
  const call = session.execute('slow', {}, { signal: controller.signal })
  controller.abort()
  await expect(call).rejects.toBeInstanceOf(QmpInterruptedError)
  for (const answer of late) answer()
  expect(await session.execute('next')).toBe('quick')
  await session.close()
})

test('a listener made before the command gets its events in order, and only those it asked for', async () => {
  await using server = await fakeQmp({
    onCommand: (command, client) => {
      client.event('JOB_STATUS_CHANGE', { status: 'created' })
      client.event('STOP')
      client.event('JOB_STATUS_CHANGE', { status: 'running' })
      client.send({ return: {}, id: command.id })
    },
  })
  const session = await connectQmp(server.endpoint, { clock })
  using listener = session.listen(['JOB_STATUS_CHANGE'])
  await session.execute('blockdev-backup')
  expect(await listener.next()).toEqual({
    event: 'JOB_STATUS_CHANGE',
    data: { status: 'created' },
    timestamp: expect.closeTo(1002, 0),
  })
  expect((await listener.next())?.data).toEqual({ status: 'running' })
  const waiting = listener.next()
  await session.close()
  expect(await waiting).toBeNull()
})

test('closing fails waiting calls, closes listeners, reports no reason, and later use is a state error', async () => {
  await using server = await fakeQmp({ onCommand: () => {} })
  const session = await connectQmp(server.endpoint, { clock })
  const call = session.execute('never')
  await Promise.all([
    expect(call).rejects.toMatchObject({ code: 'machine/interrupted' }),
    session.close(),
    expect(session.closed).resolves.toBeNull(),
  ])
  await session.close()
  await expect(session.execute('a')).rejects.toBeInstanceOf(QmpStateError)
  expect(() => session.listen(['STOP'])).toThrow(QmpStateError)
})
