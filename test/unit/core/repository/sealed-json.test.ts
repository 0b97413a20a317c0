import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson, checksumOf, seal, unseal } from '../../../../electron/core/repository/sealed-json.ts'

const objects = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  fc.jsonValue(),
)

it('what was sealed is read back as it was, with keys that nobody knows', () => {
  fc.assert(
    fc.property(objects, (object) => {
      const value = { ...object, format: 'x', version: 1 }
      const { checksum: _, ...plain } = JSON.parse(JSON.stringify(value))
      const unsealed = unseal(seal(value), 'x', 1)
      if (unsealed.kind !== 'sound') throw new Error(unsealed.kind)
      const { checksum, ...rest } = unsealed.value
      expect(rest).toEqual(plain)
      expect(checksum).toBe(checksumOf(plain))
    }),
  )
})

it('the order of keys and the white space do not matter, any other character does', () => {
  const text = seal({ format: 'x', version: 1, b: { d: 1, c: [1, null, 'é'] }, a: 'text' })
  const reordered = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()))
  expect(unseal(reordered, 'x', 1).kind).toBe('sound')
  for (let at = 0; at < text.length; at += 1) {
    if (/\s/.test(text[at] ?? '')) continue
    const changed = `${text.slice(0, at)}${String.fromCharCode((text.charCodeAt(at) ^ 1) & 0x7f)}${text.slice(at + 1)}`
    expect(unseal(changed, 'x', 1).kind, changed).not.toBe('sound')
  }
  for (let length = 0; length < text.length - 1; length += 1) {
    expect(unseal(text.slice(0, length), 'x', 1).kind).toBe('broken')
  }
})

it('canonical JSON sorts keys and leaves out what is undefined', () => {
  expect(canonicalJson({ b: 1, a: [{ d: undefined, c: 'x' }, null] })).toBe('{"a":[{"c":"x"},null],"b":1}')
})
