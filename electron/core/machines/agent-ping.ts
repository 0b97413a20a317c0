import { connect } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Ports } from '../ports/index.ts'

export type AgentAnswer = 'answered' | 'no-answer' | 'unreachable'

/**
 * Does a guest agent answer? Sends `guest-sync-delimited` and waits for the 0xFF that begins the answer (qemu.md 9):
 * without an agent in the guest the connection works and stays silent.
 */
export function pingAgent(
  endpoint: QmpEndpoint,
  ports: Pick<Ports, 'randomBytes'>,
  timeoutMs = 5_000,
): Promise<AgentAnswer> {
  const id = new DataView(Uint8Array.from(ports.randomBytes(4)).buffer).getUint32(0)
  const socket = endpoint.kind === 'unix' ? connect(endpoint.path) : connect(endpoint.port, endpoint.host)
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const finish = (answer: AgentAnswer) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    let connected = false
    const timer = setTimeout(() => finish(connected ? 'no-answer' : 'unreachable'), timeoutMs)
    socket.on('error', () => finish(connected ? 'no-answer' : 'unreachable'))
    socket.on('close', () => finish(connected ? 'no-answer' : 'unreachable'))
    socket.once('connect', () => {
      connected = true
      const command = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })
      socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`${command}\n`)]))
    })
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]).subarray(-65_536)
      if (new RegExp(`"return":\\s*${id}\\b`).test(received.toString('latin1'))) finish('answered')
    })
  })
}
