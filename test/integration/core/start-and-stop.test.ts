import { rmSync, writeFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { startFloe } from '../../support/floe.ts'
import { tempDir } from '../../support/temp.ts'

it('a core that cannot start ends what it had started, and the same home starts once the reason is gone', async () => {
  using dir = tempDir()
  await (await startFloe(dir.file('home')))[Symbol.asyncDispose]()
  writeFileSync(dir.file('home', 'machines.json'), JSON.stringify({ version: 99, data: [] }))
  const started = vi.spyOn(globalThis, 'setInterval')
  const ended = vi.spyOn(globalThis, 'clearInterval')
  await expect(startFloe(dir.file('home'))).rejects.toMatchObject({ code: 'system/home-unwritable' })
  expect(started.mock.results.length).toBeGreaterThan(0)
  const left = started.mock.results.filter(({ value }) => !ended.mock.calls.some(([timer]) => timer === value))
  expect(left).toEqual([])
  vi.restoreAllMocks()
  rmSync(dir.file('home', 'machines.json'))
  await using floe = await startFloe(dir.file('home'))
  expect(await floe.call('points.list', { machineId: null })).toEqual([])
})
