import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startFloe } from '../../support/floe.ts'
import { tempDir } from '../../support/temp.ts'

it('a scratch folder that several Floes were given is cleared by each of its own old data only', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('shared'))
  {
    await using floe = await startFloe(dir.file('home'))
    await floe.call('settings.set', { scratchFolder: dir.file('shared') })
  }
  const { homeId } = JSON.parse(readFileSync(dir.file('home', 'home.json'), 'utf8')).data as { homeId: string }
  const file = (...folder: string[]) => {
    mkdirSync(dir.file('shared', ...folder), { recursive: true })
    const path = dir.file('shared', ...folder, 'floe-aaaaaaaaaaaa-s0.qcow2')
    writeFileSync(path, 'old data')
    return path
  }
  const [own, anothers, nobodys] = [file(`floe-${homeId}`), file('floe-another'), file()]
  await using _floe = await startFloe(dir.file('home'))
  expect([own, anothers, nobodys].map((path) => existsSync(path))).toEqual([false, true, true])
})
