// Asks a guest agent once whether it is there and what it can do. An agent that does not listen is told by QEMU
// beforehand, so that no commands pile up in its channel.
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import { FloeError } from '../../errors.ts'
import type { OpenAgent } from '../../guest-agent/types.ts'
import type { Ports } from '../../ports/index.ts'
import type { QmpSession } from '../../qmp/types.ts'

export type AgentAnswer =
  | { readonly kind: 'ready'; readonly version: string; readonly canFreeze: boolean }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly text: string }
  /** Floe itself is talking to it. */
  | { readonly kind: 'taken' }

export interface AgentChannel {
  readonly endpoint: QmpEndpoint
  /** QEMU's name of the character device, when the start command tells it. */
  readonly chardev: string | null
  /** The machine's open monitor connection, if there is one. */
  readonly session: QmpSession | null
  /** Why its answers count for nothing, as a sentence: another machine was given the same socket. */
  readonly ambiguity?: string | null
}

/** One of `query-chardev`. `filename` is `unix:PATH,server=on`, also after `disconnected:`. */
interface CharDevice {
  readonly label: string
  readonly filename: string
  readonly 'frontend-open': boolean
}

const freeze = 'guest-fsfreeze-freeze'

/** Has a program in the guest opened the agent's port (qemu.md 9)? Null when QEMU was not asked or does not tell. */
export async function isPortOpen({ endpoint, chardev, session }: AgentChannel): Promise<boolean | null> {
  if (session === null) return null
  try {
    const devices = await session.execute<CharDevice[]>('query-chardev', {}, { timeoutMs: 5_000 })
    const isIts = ({ label, filename }: CharDevice) =>
      chardev === null ? endpoint.kind === 'unix' && filename.includes(`unix:${endpoint.path},`) : label === chardev
    return devices.find(isIts)?.['frontend-open'] ?? null
  } catch (error) {
    if (error instanceof FloeError) return null
    throw error
  }
}

/** @param answerMs how long the agent may take to answer, in milliseconds */
export async function askAgent(
  channel: AgentChannel,
  how: { readonly openAgent: OpenAgent; readonly ports: Pick<Ports, 'randomBytes'>; readonly answerMs: number },
): Promise<AgentAnswer> {
  if (channel.ambiguity) return { kind: 'unreachable', text: channel.ambiguity }
  if ((await isPortOpen(channel)) === false) return { kind: 'silent' }
  try {
    await using agent = await how.openAgent(channel.endpoint, {
      randomBytes: how.ports.randomBytes,
      syncTimeoutMs: how.answerMs,
      turnTimeoutMs: how.answerMs,
    })
    const { version, commands } = await agent.info()
    return { kind: 'ready', version, canFreeze: commands.has(freeze) }
  } catch (error) {
    if (!(error instanceof FloeError)) throw error
    if (error.code !== 'agent/no-answer') return { kind: 'unreachable', text: error.message }
    return error.params.command === undefined ? { kind: 'taken' } : { kind: 'silent' }
  }
}
