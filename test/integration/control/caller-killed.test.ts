import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startControlServer } from '../../../electron/core/control/control-server.ts'
import type { FloeClient } from '../../../electron/core/gate/client.ts'
import { ok } from '../../../shared/ipc/result.ts'
import { quietLogger } from '../../support/core.ts'
import { tempDir } from '../../support/temp.ts'

const remoteClient = fileURLToPath(new URL('../../../electron/core/control/remote-client.ts', import.meta.url))

it('a call is aborted when the process that made it is killed', async () => {
  using dir = tempDir()
  let asked: (signal: AbortSignal) => void = () => {}
  const call = new Promise<AbortSignal>((resolve) => {
    asked = resolve
  })
  const hangs = (signal?: AbortSignal) => {
    if (signal) asked(signal)
    return new Promise<never>(() => {})
  }
  const client: FloeClient = {
    invoke: async () => ok({}) as never,
    invokeUnchecked: (_name, _input, signal) => hangs(signal),
    subscribe: () => () => {},
  }
  const server = await startControlServer(dir.file('control.sock'), client, { logger: quietLogger })
  const script = `
    const { connectToOwner } = await import(${JSON.stringify(remoteClient)})
    const { client } = await connectToOwner(${JSON.stringify(server.path)})
    await client.invoke('export.hold', { jobId: 'abcdefghijkl' })`
  const caller = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  const signal = await call
  expect(signal.aborted).toBe(false)
  caller.kill('SIGKILL')
  if (!signal.aborted) await once(signal, 'abort')
  expect(signal.aborted).toBe(true)
  server.disconnectAll()
  await server.stopListening()
})
