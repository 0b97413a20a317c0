import { writeFileSync } from 'node:fs'
import type { MenuItemConstructorOptions } from 'electron'
import { describe, expect, it } from 'vitest'
import { readLaunchOptions } from '../../../../electron/hosts/desktop/launch-options.ts'
import { menuTemplate } from '../../../../electron/hosts/desktop/menu.ts'
import { quitQuestion } from '../../../../electron/hosts/desktop/quit-question.ts'
import { readPlace, usablePlace, writePlace } from '../../../../electron/hosts/desktop/window-place.ts'
import { testJob } from '../../../support/core.ts'
import { tempDir } from '../../../support/temp.ts'

describe('Quit', () => {
  const progress = { doneBytes: 42, totalBytes: 100, fraction: 0.4299, bytesPerSecond: 1, secondsLeft: 30 }

  it('names the machine, how far its backup is, and three choices', () => {
    const job = testJob({ state: { kind: 'copying' }, progress })
    expect(quitQuestion([job], 'darwin')).toMatchObject({
      message: 'debian-dev is being backed up (42 %, about 30 seconds left).',
      buttons: ['Keep Running in Menu Bar', 'Cancel', 'Stop Backup and Quit'],
    })
    expect(quitQuestion([job], 'linux').buttons[0]).toBe('Keep Running in Background')
  })

  it('never says 100 % of a job that runs', () => {
    const job = testJob({ state: { kind: 'checking' }, progress: { ...progress, fraction: 1, secondsLeft: null } })
    expect(quitQuestion([job], 'darwin').message).toBe('debian-dev is being backed up (99 %).')
  })

  it('counts when there are several, and calls a restore what it is', () => {
    const running = testJob({ state: { kind: 'copying' } })
    expect(quitQuestion([running, testJob()], 'darwin').message).toBe('1 job is running, 1 waiting.')
    const swap = testJob({ kind: 'swap', state: { kind: 'preparing', step: 'x' } })
    expect(quitQuestion([swap], 'darwin')).toMatchObject({
      message: 'debian-dev is being restored.',
      buttons: ['Keep Running in Menu Bar', 'Cancel', 'Stop Jobs and Quit'],
    })
  })
})

describe('the place of the window', () => {
  const screen = { x: 0, y: 25, width: 1440, height: 875 }
  const at = (x: number, y: number, width = 1280, height = 820) => ({
    bounds: { x, y, width, height },
    maximized: false,
  })

  it('is kept on a screen that is there', () => {
    expect(usablePlace(at(100, 50), [screen])).toEqual(at(100, 50))
  })

  it('is given up when its screen is gone or its title bar is out of reach', () => {
    expect(usablePlace(at(3000, 50), [screen])).toBeNull()
    expect(usablePlace(at(100, -400), [screen])).toBeNull()
    expect(usablePlace(at(-1230, 50), [screen])).toBeNull()
  })

  it('is no larger than the screen and no smaller than the smallest window', () => {
    expect(usablePlace(at(0, 25, 5000, 10), [screen])?.bounds).toEqual({ x: 0, y: 25, width: 1440, height: 600 })
  })

  it('is remembered, and forgotten when its file is damaged', () => {
    using dir = tempDir()
    expect(readPlace(dir.file('window.json'))).toBeNull()
    expect(writePlace(dir.file('window.json'), at(1, 2))).toBeNull()
    expect(readPlace(dir.file('window.json'))).toEqual(at(1, 2))
    for (const text of ['', '{', '{"bounds":{"x":"a"}}', 'null']) {
      writeFileSync(dir.file('window.json'), text)
      expect(readPlace(dir.file('window.json'))).toBeNull()
    }
  })
})

describe('the menu bar', () => {
  const flat = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])
  const template = (platform: 'darwin' | 'linux', machines: string[], sent: string[] = []) =>
    flat(
      menuTemplate({ platform, machines, developer: false, send: (command) => sent.push(command), showLog: () => {} }),
    )

  it('gives every item an id, and no key to two of them', () => {
    for (const platform of ['darwin', 'linux'] as const) {
      const items = template(platform, ['a', 'b']).filter((item) => item.type !== 'separator')
      expect(items.filter((item) => item.id === undefined)).toEqual([])
      const keys = items.map((item) => item.accelerator).filter((key) => key !== undefined)
      expect(new Set(keys).size).toBe(keys.length)
      const ids = items.map((item) => item.id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  it('sends the command of the chosen item', () => {
    const sent: string[] = []
    const item = template('darwin', [], sent).find((one) => one.id === 'back-up-now')
    expect(item?.accelerator).toBe('CmdOrCtrl+B')
    const click = item?.click as unknown as (() => void) | undefined
    click?.()
    expect(sent).toEqual(['back-up-now'])
  })

  it('lists the first nine machines by name', () => {
    const names = Array.from({ length: 12 }, (_, index) => `R&D ${index}`)
    const items = template('linux', names).filter((item) => item.id?.startsWith('machine-'))
    expect(items).toHaveLength(9)
    expect(items[0]).toMatchObject({ label: 'R&&D 0', accelerator: 'CmdOrCtrl+1' })
  })

  it('offers no developer tools in a release', () => {
    expect(template('darwin', []).some((item) => item.role === 'toggleDevTools')).toBe(false)
    expect(template('darwin', []).some((item) => item.role === 'reload' || item.role === 'forceReload')).toBe(false)
  })
})

describe('starting the desktop app', () => {
  it('takes the home from --home, then from FLOE_HOME', () => {
    expect(readLaunchOptions(['.', '--home', '/a'], { FLOE_HOME: '/b' }).homeDir).toBe('/a')
    expect(readLaunchOptions(['--home=/a b'], {}).homeDir).toBe('/a b')
    expect(readLaunchOptions(['.'], { FLOE_HOME: '/b' }).homeDir).toBe('/b')
    expect(readLaunchOptions(['.'], { FLOE_HOME: '' })).toEqual({ homeDir: null, demo: false })
    expect(readLaunchOptions(['--demo'], {}).demo).toBe(true)
  })

  it('refuses a home without a name, and a test without a home', () => {
    expect(() => readLaunchOptions(['--home'], {})).toThrow('--home needs a folder')
    expect(() => readLaunchOptions(['--home', '--demo'], {})).toThrow('--home needs a folder')
    expect(() => readLaunchOptions([], { FLOE_E2E: '1' })).toThrow('Tests must name a home folder')
  })
})
