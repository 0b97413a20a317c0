import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  optionMap,
  parseOptions,
  renderOptions,
} from '../../../../electron/core/machines/command-line/option-syntax.ts'

const key = fc.string({ minLength: 1 }).filter((text) => !/[=,]/.test(text))
const entries = fc.array(fc.record({ key, value: fc.string({ unit: 'binary' }) }))

it('what is written with QEMU’s escaping is read back the same, whatever it is', () => {
  fc.assert(
    fc.property(entries, (list) => {
      expect(parseOptions(renderOptions(list))).toEqual(list)
    }),
  )
})

it('the first word without a key is the value of the implied key', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((text) => !text.includes('=')),
      entries,
      (first, list) => {
        const text = [first.replaceAll(',', ',,'), ...(list.length > 0 ? [renderOptions(list)] : [])].join(',')
        expect(parseOptions(text, 'guest')).toEqual([{ key: 'guest', value: first }, ...list])
      },
    ),
  )
})

it('bare words switch on, and off with "no"', () => {
  expect([...optionMap('/tmp/q,server,nowait', 'path')]).toEqual([
    ['path', '/tmp/q'],
    ['server', 'on'],
    ['wait', 'off'],
  ])
})

it('JSON is read as the same flat map, and broken JSON as nothing', () => {
  const json = '{"driver":"qcow2","read-only":true,"file":{"driver":"file","filename":"/a,b=c"}}'
  expect(Object.fromEntries(optionMap(json))).toEqual({
    driver: 'qcow2',
    'read-only': 'on',
    'file.driver': 'file',
    'file.filename': '/a,b=c',
  })
  expect(optionMap('{"driver":').size).toBe(0)
})
