// The test of the Add Machine sheet (ux.md S6): one line per step, and the steps after a failed one are skipped.
import { stat } from 'node:fs/promises'
import type { ProbeLine, QmpEndpoint } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { openAgent } from '../guest-agent/open-agent.ts'
import type { Ports } from '../ports/index.ts'
import type { connectQmp } from '../qmp/connect.ts'
import type { QmpSession } from '../qmp/types.ts'
import { endpointText, parseEndpoint } from './command-line/endpoints.ts'
import { readDisks } from './inventory/inventory.ts'
import { stateOfError } from './states.ts'

export interface ProbeDeps {
  readonly ports: Ports
  readonly connect: typeof connectQmp
  /** Floe's own open connection to this endpoint: a second one would find it busy. */
  readonly openSession: (endpoint: QmpEndpoint) => Promise<QmpSession | null>
}

type Check = ProbeLine['check']
const line = (check: Check, result: ProbeLine['result'], text: string, fix: string | null = null): ProbeLine => ({
  check,
  result,
  text,
  fix,
})
const order: readonly Check[] = ['path', 'connect', 'qmp', 'disks']

/** At which step an error belongs: at the path itself, at connecting, or at what answers. */
function stepOf(error: FloeError): Check {
  switch (error.code) {
    case 'machine/socket-missing':
    case 'machine/not-a-socket':
    case 'machine/socket-path-too-long':
      return 'path'
    case 'machine/no-permission':
    case 'machine/refused':
      return 'connect'
    default:
      return 'qmp'
  }
}

async function fixOf(error: FloeError, endpoint: QmpEndpoint): Promise<string | null> {
  if (error.code !== 'machine/no-permission') return error.remedy
  const state = await stateOfError(error, endpoint, null)
  return state?.kind === 'no-permission' ? `Run this command once: ${state.command}` : error.remedy
}

function passed(check: Check, endpoint: QmpEndpoint): ProbeLine {
  const place = endpointText(endpoint)
  if (check === 'path') {
    return line('path', 'ok', endpoint.kind === 'unix' ? `The socket ${place} exists.` : `${place} is an address.`)
  }
  return line('connect', 'ok', `${place} takes connections.`)
}

const skipped = (check: Check) => line(check, 'skipped', 'This was not checked, because an earlier step failed.')

async function disksLine(session: QmpSession): Promise<ProbeLine> {
  const disks = await readDisks(session, '/')
  const count = disks.filter((disk) => disk.exclusion === null).length
  const text = count === 1 ? '1 disk can be backed up.' : `${count} disks can be backed up.`
  if (count > 0) return line('disks', 'ok', text)
  return line('disks', 'warning', 'This machine has no disk that could be backed up.', 'Attach a writable disk.')
}

const installAgent = 'Install and start qemu-guest-agent in the guest. Backups work without it, but without freezing.'

/** Without an agent in the guest the connection works and stays silent (qemu.md 9). */
async function askAgent(endpoint: QmpEndpoint, ports: Ports): Promise<ProbeLine> {
  try {
    const session = await openAgent(endpoint, ports)
    await session[Symbol.asyncDispose]()
    return line('agent', 'ok', 'The guest agent answered.')
  } catch (error) {
    if (!(error instanceof FloeError)) throw error
    if (error.code === 'agent/no-answer')
      return line('agent', 'warning', 'The guest agent did not answer.', installAgent)
    const closed = error.params.reason === 'closed'
    return line('agent', closed ? 'warning' : 'failed', error.message, error.remedy ?? installAgent)
  }
}

async function agentLine(agent: string | null, ports: Ports): Promise<ProbeLine> {
  if (agent === null || agent === '') {
    return line('agent', 'skipped', 'No guest agent socket was given; backups work without freezing.')
  }
  const endpoint = parseEndpoint(agent)
  if (!endpoint) return line('agent', 'failed', `"${agent}" is neither an absolute socket path nor HOST:PORT.`)
  if (endpoint.kind === 'unix' && !(await stat(endpoint.path).catch(() => null))?.isSocket()) {
    return line('agent', 'failed', `There is no socket at ${agent}.`, 'Check the path of the guest agent.')
  }
  return askAgent(endpoint, ports)
}

async function qmpLines(qmp: string, deps: ProbeDeps): Promise<ProbeLine[]> {
  const endpoint = parseEndpoint(qmp)
  if (!endpoint) {
    const text = `"${qmp}" is neither an absolute socket path nor HOST:PORT.`
    const fix = 'Give the path that follows "unix:" in QEMU\'s -qmp option, or HOST:PORT.'
    return [line('path', 'failed', text, fix), ...order.slice(1).map(skipped)]
  }
  const own = await deps.openSession(endpoint)
  let session: QmpSession
  try {
    session = own ?? (await deps.connect(endpoint, { clock: deps.ports.clock, platform: deps.ports.platform }))
  } catch (error) {
    if (!(error instanceof FloeError)) throw error
    const at = order.indexOf(stepOf(error))
    const failure = line(stepOf(error), 'failed', error.message, await fixOf(error, endpoint))
    return order.map((check, index) => (index < at ? passed(check, endpoint) : index === at ? failure : skipped(check)))
  }
  try {
    const answers = line('qmp', 'ok', `QEMU ${session.version} answers.`)
    return [passed('path', endpoint), passed('connect', endpoint), answers, await disksLine(session)]
  } finally {
    if (!own) await session.close()
  }
}

export async function probeEndpoint(qmp: string, agent: string | null, deps: ProbeDeps): Promise<readonly ProbeLine[]> {
  const [lines, last] = await Promise.all([qmpLines(qmp, deps), agentLine(agent, deps.ports)])
  return [...lines, last]
}
