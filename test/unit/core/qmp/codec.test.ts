import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCommand, type Frame, FrameDecoder } from '../../../../electron/core/qmp/codec.ts'

const messages = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 8 })

function decode(bytes: Buffer, cuts: readonly number[], limit?: number): Frame[] {
  const decoder = new FrameDecoder(limit)
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const frames: Frame[] = []
  let from = 0
  for (const to of [...places, bytes.length]) {
    frames.push(...decoder.push(bytes.subarray(from, to)))
    from = to
  }
  return frames
}

test('any chunking gives the same messages, on plain and on pretty sockets', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (values, cuts, pretty) => {
      const text = values.map((value) => `${JSON.stringify(value, null, pretty ? 4 : 0)}\r\n`).join('')
      const expected = values.map((value) => ({ kind: 'message', value: JSON.parse(JSON.stringify(value)) }))
      expect(decode(Buffer.from(text), cuts)).toEqual(expected)
    }),
  )
})

test('a line that is no JSON object is garbage, and what follows it is still read', () => {
  const frames = decode(Buffer.from('QEMU 7.2.22 monitor - type \'help\'\r\n{"return":{}}\n{broken}\n'), [3, 40])
  expect(frames).toEqual([
    { kind: 'garbage', text: "QEMU 7.2.22 monitor - type 'help'" },
    { kind: 'message', value: { return: {} } },
    { kind: 'garbage', text: '{broken}' },
  ])
})

test('a message over the limit ends the stream with too-long, chunked or not, and keeps no memory of it', () => {
  const long = Buffer.from(`{"return":"${'x'.repeat(2000)}"}\n`)
  for (const cuts of [[], [500, 900, 1500]]) {
    expect(decode(long, cuts, 1000)).toEqual([{ kind: 'too-long' }])
    expect(decode(Buffer.from('y'.repeat(2000)), cuts, 1000)).toEqual([{ kind: 'too-long' }])
  }
})

test('a command is one line whatever its arguments hold', () => {
  const line = encodeCommand('floe-1', 'blockdev-add', { filename: 'a\n"b"\u2028%,:c' })
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(JSON.parse(line)).toEqual({
    execute: 'blockdev-add',
    arguments: { filename: 'a\n"b"\u2028%,:c' },
    id: 'floe-1',
  })
})
