import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { newEntry } from '../../../../electron/core/machines/new-entry.ts'
import { isWorthKeeping, Registry } from '../../../../electron/core/machines/registry.ts'
import { MachineId } from '../../../../shared/domain/ids.ts'
import { tempDir } from '../../../support/temp.ts'

const id = MachineId.parse('abcdefghijkl')
const said: string[] = []
const logger = { info: () => {}, warn: () => {}, error: (text: string) => void said.push(text) }

it('machines are remembered, and keys of a newer version kept', async () => {
  using dir = tempDir()
  const path = dir.file('machines.json')
  await new Registry(path, logger).save([newEntry(id, { name: 'vm', origin: 'added' })])
  const document = JSON.parse(readFileSync(path, 'utf8'))
  document.data.machines[0].colour = 'blue'
  document.data.order = [1]
  writeFileSync(path, JSON.stringify(document))
  const registry = new Registry(path, logger)
  await registry.save(await registry.load())
  const again = JSON.parse(readFileSync(path, 'utf8'))
  expect(again.version).toBe(1)
  expect(again.data).toMatchObject({ order: [1], machines: [{ id, name: 'vm', colour: 'blue' }] })
})

it('a damaged registry is set aside and said, not overwritten', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('machines.json'), '{"version":1,"data":{"mach')
  const registry = new Registry(dir.file('machines.json'), logger)
  expect(await registry.load()).toEqual([])
  await registry.save([])
  expect(readdirSync(dir.path)).toHaveLength(2)
  expect(said.join()).toContain('damaged')
})

it('a machine of a newer Floe is not touched', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('machines.json'), '{"version":99,"data":{}}')
  await expect(new Registry(dir.file('machines.json'), logger).load()).rejects.toThrow('newer Floe')
})

it('machines with points or added by a person are kept for ever, passers-by are forgotten', () => {
  const now = new Date('2026-11-22T12:00:00Z')
  const old = '2026-01-01T00:00:00Z'
  const entry = (fields: object) => newEntry(id, { name: 'vm', origin: 'found', lastSeenAt: old, ...fields })
  expect(isWorthKeeping(entry({}), now, true)).toBe(false)
  expect(isWorthKeeping(entry({ origin: 'added' }), now, false)).toBe(true)
  expect(isWorthKeeping(entry({ lastGoodPoint: { id: 'abcdefghijkl', createdAt: old } }), now, false)).toBe(true)
  expect(isWorthKeeping(entry({ lastSeenAt: '2026-11-22T11:00:00Z' }), now, false)).toBe(true)
})
