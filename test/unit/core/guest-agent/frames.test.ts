import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AgentFrame, AgentFrameReader } from '../../../../electron/core/guest-agent/frames.ts'

const framesOf = (chunks: readonly Buffer[], limit?: number): AgentFrame[] => {
  const reader = new AgentFrameReader(limit)
  return chunks.flatMap((chunk) => [...reader.push(chunk)])
}

/** The bytes cut at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length))
}

const line = fc.oneof(
  fc
    .dictionary(fc.string(), fc.jsonValue())
    .map((value) => ({ text: JSON.stringify(value), kind: 'message' as const })),
  fc.constantFrom('HTTP/1.1 400', '[1]', '{"return": ', '"x"', '7').map((text) => ({ text, kind: 'garbage' as const })),
)

describe('the agent’s bytes', () => {
  it('give the same frames however they are chunked', () => {
    const parts = fc.array(fc.oneof(line, fc.constant('mark' as const)))
    fc.assert(
      fc.property(parts, fc.array(fc.nat(5000)), (sent, places) => {
        const bytes = Buffer.concat(
          sent.map((part) => (part === 'mark' ? Buffer.from([0xff]) : Buffer.from(`${part.text}\r\n`))),
        )
        const frames = framesOf(cut(bytes, places))
        expect(frames).toEqual(framesOf([bytes]))
        expect(frames.map(({ kind }) => kind)).toEqual(sent.map((part) => (part === 'mark' ? 'mark' : part.kind)))
      }),
    )
  })

  it('of a line past the limit are dropped up to its end, and the next line is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 65, max: 300 }), fc.array(fc.nat(400)), (length, places) => {
        const bytes = Buffer.from(`${'x'.repeat(length)}\n{"return":1}\n`)
        expect(framesOf(cut(bytes, places), 64)).toEqual([
          { kind: 'too-long' },
          { kind: 'message', value: { return: 1 } },
        ])
      }),
    )
  })

  it('end a torn line of somebody else at the mark', () => {
    const bytes = Buffer.concat([Buffer.from('{"return": [1, 2'), Buffer.from([0xff]), Buffer.from('{"return":3}\n')])
    expect(framesOf([bytes])).toEqual([
      { kind: 'garbage', text: '{"return": [1, 2' },
      { kind: 'mark' },
      { kind: 'message', value: { return: 3 } },
    ])
  })
})
