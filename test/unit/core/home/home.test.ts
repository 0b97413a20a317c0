import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createHome, defaultHome, homePaths } from '../../../../electron/core/home/home-paths.ts'
import { JsonFile, readJson, writeFileAtomically, writeJson } from '../../../../electron/core/home/json-file.ts'
import { createSettingsStore } from '../../../../electron/core/home/settings-store.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import { defaultSettings } from '../../../../shared/domain/settings.ts'
import { tempDir } from '../../../support/temp.ts'

const schema = z.object({ names: z.array(z.string()) })
const quiet = { logger: { info() {}, warn() {}, error() {} } }

describe('the home folder', () => {
  it('is FLOE_HOME, else the platform folder', () => {
    const on = (name: 'darwin' | 'linux', env: Record<string, string> = {}) =>
      defaultHome({ env, userDir: '/u/me', platform: { name } })
    expect(on('linux', { FLOE_HOME: '/x/y' })).toBe('/x/y')
    expect(on('darwin')).toBe('/u/me/Library/Application Support/Floe')
    expect(on('linux')).toBe('/u/me/.local/share/floe')
    expect(on('linux', { XDG_DATA_HOME: '/d' })).toBe('/d/floe')
  })

  it('names the folder and what to do when it cannot be written', async () => {
    using dir = tempDir()
    writeFileSync(dir.file('file'), '')
    const paths = homePaths(dir.file('file', 'home'))
    await expect(createHome(paths)).rejects.toMatchObject({
      code: 'system/home-unwritable',
      message: expect.stringContaining(paths.root),
      remedy: expect.stringContaining('--home'),
    })
    await expect(writeJson(paths.settings, 1, {})).rejects.toMatchObject({
      code: 'system/home-unwritable',
      params: { folder: paths.root },
    })
  })
})

describe('a JSON file of the home folder', () => {
  it('comes back as it was written, in the order of the calls', async () => {
    using dir = tempDir()
    const file = new JsonFile(dir.file('deep', 'a.json'), 1, schema)
    expect(await file.read()).toEqual({ kind: 'missing' })
    await Promise.all(['1', '2', '3'].map((name) => file.write({ names: [name] })))
    expect(await file.read()).toEqual({ kind: 'ok', value: { names: ['3'] } })
    expect(readdirSync(dir.file('deep'))).toEqual(['a.json'])
  })

  it.each(['', '{', 'null', '[]', '{"version":1}', '{"version":1,"data":{"names":[1]}}'])(
    'is set aside and said when damaged: %s',
    async (content) => {
      using dir = tempDir()
      const path = dir.file('a.json')
      writeFileSync(path, content)
      const read = await readJson(path, 1, schema)
      if (read.kind !== 'damaged') throw new Error(read.kind)
      expect(read.movedTo).toContain('a.json.damaged-')
      expect(read.text).toContain(read.movedTo)
      expect(readFileSync(read.movedTo, 'utf8')).toBe(content)
      expect(existsSync(path)).toBe(false)
    },
  )

  it('of a newer Floe is refused and left alone', async () => {
    using dir = tempDir()
    const path = dir.file('a.json')
    await writeJson(path, 2, { names: [] })
    await expect(readJson(path, 1, schema)).rejects.toThrow(/newer Floe/)
    expect(existsSync(path)).toBe(true)
  })

  it('leaves the old file and no temporary one when the write fails', async () => {
    using dir = tempDir()
    const path = dir.file('a.json')
    await mkdir(path)
    await expect(writeFileAtomically(path, 'x')).rejects.toThrow()
    expect(readdirSync(dir.path)).toEqual(['a.json'])
    await chmod(path, 0o700)
  })
})

describe('the settings', () => {
  it('have defaults, survive a restart and are published', async () => {
    using dir = tempDir()
    const file = dir.file('settings.json')
    const first = await createSettingsStore({ ports: quiet, file, topic: new Topic('settings') })
    expect(first.get()).toEqual(defaultSettings)
    await first.set({ units: 'binary', theme: undefined })
    const topic = new Topic('settings')
    await createSettingsStore({ ports: quiet, file, topic })
    expect(topic.list()).toEqual([{ id: 'settings', settings: { ...defaultSettings, units: 'binary' } }])
  })

  it('fall back to the defaults when damaged', async () => {
    using dir = tempDir()
    writeFileSync(dir.file('s.json'), 'garbage')
    const store = await createSettingsStore({ ports: quiet, file: dir.file('s.json'), topic: new Topic('settings') })
    expect(store.get()).toEqual(defaultSettings)
  })
})
