import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = new URL('../../..', import.meta.url).pathname
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(Boolean)
const sources = files.filter((file) => /\.(ts|tsx|mjs|css)$/.test(file))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** What a file imports from this project, as paths from the root. */
function importsOf(file: string): string[] {
  const specifiers = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] as string)
  return specifiers.map((specifier) => normalize(join(dirname(file), specifier)))
}

/** First folder below a base, e.g. the room of a core file: `electron/core/backup/plan.ts` -> `backup`. */
const below = (base: string, file: string): string | null =>
  file.startsWith(base) && file.slice(base.length).includes('/')
    ? (file.slice(base.length).split('/')[0] as string)
    : null

/** Rooms of the core that everybody in it may use. */
const common = ['ports', 'home', 'topics', 'qemu-img', 'jobs', 'activity', 'gate', 'extents']
/** Which other rooms a room may import (architecture.md 2). */
const allowedRooms: Readonly<Record<string, readonly string[]>> = {
  qmp: [],
  'qemu-img': [],
  nbd: ['qemu-img'],
  'guest-agent': ['qmp'],
  'storage-daemon': ['qmp'],
  machines: ['qmp', 'guest-agent', 'tracking'],
  repository: ['nbd', 'retention'],
  instant: ['qmp', 'guest-agent'],
  'nbd-server': ['qmp'],
  'nbd-proxy': ['nbd'],
  tracking: ['qmp', 'nbd', 'repository'],
  comparison: ['nbd', 'repository'],
  retention: [],
  backup: [
    'qmp',
    'machines',
    'repository',
    'guest-agent',
    'instant',
    'storage-daemon',
    'tracking',
    'comparison',
    'nbd',
    'nbd-server',
  ],
  export: ['qmp', 'machines', 'guest-agent', 'instant', 'storage-daemon', 'nbd', 'nbd-server', 'nbd-proxy', 'tracking'],
  restore: ['machines', 'repository'],
  points: ['repository', 'retention'],
  demo: ['qmp', 'machines', 'repository', 'nbd'],
  doctor: ['machines', 'repository'],
  control: [],
}

describe('the layers', () => {
  it('keep the core free of hosts, Electron and the window', () => {
    const wrong = sources
      .filter((file) => file.startsWith('electron/core/'))
      .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
      .filter(({ target }) => !target.startsWith('electron/core/') && !target.startsWith('shared/'))
    expect(wrong).toEqual([])
  })

  it('keep each room of the core to the rooms it may know', () => {
    const wrong = sources.flatMap((file) => {
      const room = below('electron/core/', file)
      if (room === null) return []
      const allowed = [room, ...common, ...(allowedRooms[room] ?? [])]
      return importsOf(file)
        .map((target) => ({ file, target, other: below('electron/core/', target) }))
        .filter(({ other }) => other !== null && !allowed.includes(other))
    })
    expect(wrong).toEqual([])
  })

  it('keep hosts apart from each other', () => {
    const wrong = sources.flatMap((file) => {
      const host = below('electron/hosts/', file)
      if (host === null) return []
      return importsOf(file).filter((target) =>
        ['desktop', 'web', 'cli'].some((other) => other !== host && target.startsWith(`electron/hosts/${other}/`)),
      )
    })
    expect(wrong).toEqual([])
  })

  it('keep the features of the window apart from each other, and its components free of state', () => {
    const wrong = sources.flatMap((file) => {
      const feature = below('renderer/src/features/', file)
      const others = importsOf(file)
      if (feature !== null)
        return others
          .filter(
            (target) =>
              below('renderer/src/features/', target) !== feature && target.startsWith('renderer/src/features/'),
          )
          .map((target) => `${file} -> ${target}`)
      if (file.startsWith('renderer/src/design/'))
        return others
          .filter((target) => /renderer\/src\/(features|state|app)\//.test(target))
          .map((target) => `${file} -> ${target}`)
      return []
    })
    expect(wrong).toEqual([])
  })
})

describe('the tree', () => {
  it('has nothing at the top that a newcomer would not expect', () => {
    const top = [...new Set(files.map((file) => file.split('/')[0] as string))].filter((name) => !name.startsWith('.'))
    const known = [
      'LICENSE',
      'README.md',
      'biome.json',
      'build',
      'docs',
      'electron',
      'package-lock.json',
      'package.json',
      'playwright.config.ts',
      'renderer',
      'shared',
      'test',
      'tsconfig.json',
      'vite.config.ts',
      'vitest.config.ts',
    ]
    expect(top.filter((name) => !known.includes(name))).toEqual([])
  })

  it('has no file past 400 lines and no catch-all names', () => {
    const long = sources.filter((file) => read(file).split('\n').length > 401)
    expect(long).toEqual([])
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|misc|common)(\.|\/)/.test(file))).toEqual([])
  })

  it('has file names in kebab case', () => {
    expect(sources.filter((file) => !/^[a-z0-9./-]+$/.test(file.replace('d.ts', '')))).toEqual([])
  })
})
