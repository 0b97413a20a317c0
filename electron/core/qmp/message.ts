// Tells QMP's messages apart without trusting their shape.
import type { QmpEvent } from './types.ts'

export type Message =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'reply'; readonly id: string; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: string | null; readonly qmpClass: string; readonly text: string }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'unknown' }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function classify(message: Readonly<Record<string, unknown>>): Message {
  if ('event' in message) return asEvent(message)
  const id = typeof message.id === 'string' ? message.id : null
  if ('error' in message) {
    const error = isRecord(message.error) ? message.error : {}
    return { kind: 'refusal', id, qmpClass: String(error.class ?? 'GenericError'), text: String(error.desc ?? '') }
  }
  if ('return' in message) return id === null ? { kind: 'unknown' } : { kind: 'reply', id, value: message.return }
  const version = greetingVersion(message)
  return version === null ? { kind: 'unknown' } : { kind: 'greeting', version }
}

function asEvent(message: Readonly<Record<string, unknown>>): Message {
  if (typeof message.event !== 'string') return { kind: 'unknown' }
  const stamp = isRecord(message.timestamp) ? message.timestamp : {}
  const part = (name: string) => (typeof stamp[name] === 'number' ? (stamp[name] as number) : 0)
  const timestamp = part('seconds') * 1000 + part('microseconds') / 1000
  return {
    kind: 'event',
    event: { event: message.event, data: isRecord(message.data) ? message.data : {}, timestamp },
  }
}

/** "7.2.22" from `{"QMP": {"version": {"qemu": {...}}}}`; null when it is no greeting. */
function greetingVersion(message: Readonly<Record<string, unknown>>): string | null {
  const greeting = message.QMP
  if (!isRecord(greeting) || !isRecord(greeting.version) || !isRecord(greeting.version.qemu)) return null
  const { major, minor, micro } = greeting.version.qemu
  return [major, minor, micro].every((part) => typeof part === 'number') ? `${major}.${minor}.${micro}` : null
}
