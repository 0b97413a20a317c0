// What can go wrong between Floe and a guest's agent, in words.
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { connectError, endpointText } from '../qmp/endpoint.ts'

const setUp = 'Install and start qemu-guest-agent in the guest. Backups work without it, but without freezing.'

export const seconds = (ms: number): string => {
  const value = Math.round(ms / 100) / 10
  return `${value} ${value === 1 ? 'second' : 'seconds'}`
}

/** Words for what the system said when Floe tried to connect. */
export function unreachable(error: unknown, endpoint: QmpEndpoint): FloeError {
  const path = endpointText(endpoint)
  if (error instanceof FloeError) {
    const reason = error.params.reason ?? error.code
    return new FloeError('agent/unreachable', error.message, {
      params: { path, reason },
      cause: error,
      ...remedyOf(error),
    })
  }
  const reason = (error as NodeJS.ErrnoException).code ?? null
  if (reason === 'EAGAIN') {
    return new FloeError('agent/unreachable', `Other programs are waiting for the guest agent at ${path} already.`, {
      params: { path, reason },
      remedy: 'Close the other programs that use the guest agent.',
      cause: error,
    })
  }
  const known = connectError(error, endpoint)
  return new FloeError('agent/unreachable', known.message, {
    params: { path, reason },
    cause: error,
    ...remedyOf(known),
  })
}

const remedyOf = (error: FloeError) => (error.remedy === null ? {} : { remedy: error.remedy })

/** Two QEMUs were given one path: the one that was started last listens there. */
export const sharedAgent = (machineName: string, other: string) =>
  `${machineName} and ${other} were given the same socket for their guest agents, so the wrong one of them could be frozen.`

export const closedEarly = (endpoint: QmpEndpoint, cause?: unknown) =>
  new FloeError('agent/unreachable', `The connection to the guest agent at ${endpointText(endpoint)} was closed.`, {
    params: { path: endpointText(endpoint), reason: 'closed' },
    remedy: 'See whether the machine still runs, and try again.',
    cause,
  })

export const calledOff = (endpoint: QmpEndpoint) =>
  new FloeError('agent/unreachable', `Talking to the guest agent at ${endpointText(endpoint)} was called off.`, {
    params: { path: endpointText(endpoint), reason: 'called-off' },
  })

export const takenByFloe = (endpoint: QmpEndpoint, waitedMs: number) =>
  new FloeError(
    'agent/no-answer',
    `Floe itself was using the guest agent at ${endpointText(endpoint)} for ${seconds(waitedMs)}.`,
    { params: { path: endpointText(endpoint), waitedMs }, remedy: 'Try again in a moment.' },
  )

/** A command, or the first `guest-sync-delimited`, that was not answered in time. */
export const noAnswer = (endpoint: QmpEndpoint, command: string, waitedMs: number) =>
  new FloeError('agent/no-answer', `The guest agent did not answer ${command} for ${seconds(waitedMs)}.`, {
    params: { path: endpointText(endpoint), command, waitedMs },
    remedy: setUp,
  })

export const tooSlow = (endpoint: QmpEndpoint, waitedMs: number) =>
  new FloeError('agent/too-slow', `The guest did not confirm the freeze within ${seconds(waitedMs)}.`, {
    params: { path: endpointText(endpoint), waitedMs },
    remedy: 'A guest under heavy load takes longer; the limit can be raised in Settings.',
  })

export const garbage = (endpoint: QmpEndpoint, said: string) =>
  new FloeError('agent/garbage', `What answers at ${endpointText(endpoint)} does not speak as a guest agent does.`, {
    params: { path: endpointText(endpoint), said: said.slice(0, 200) },
    remedy: 'Check that this is the socket of the channel org.qemu.guest_agent.0.',
  })

export const refused = (endpoint: QmpEndpoint, command: string, agentClass: string, text: string) =>
  new FloeError('agent/refused', `The guest agent refused ${command}: ${text}`, {
    params: { path: endpointText(endpoint), command, agentClass, text },
  })

export const notThawed = (endpoint: QmpEndpoint) =>
  new FloeError('agent/not-thawed', 'The guest says that it is still frozen.', {
    params: { path: endpointText(endpoint) },
    remedy: 'Floe keeps trying. If it lasts, thaw in the guest with "fsfreeze -u" for each file system.',
  })
