import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { isInstalled } from '../../../build/bootstrap/dependencies.mjs'
import { tempDir } from '../../support/temp.ts'

it('packages that npm has installed already, and that are there, are not installed again, anything else is', () => {
  using dir = tempDir()
  const entry = { version: '1.0.0', integrity: 'sha512-a' }
  const write = (file: string, packages: object) => writeFileSync(dir.file(file), JSON.stringify({ packages }))
  mkdirSync(dir.file('node_modules'))
  write('package-lock.json', { '': {}, 'node_modules/a': entry, 'node_modules/mac': { ...entry, optional: true } })
  expect(isInstalled(dir.path)).toBe(false)
  write('node_modules/.package-lock.json', { 'node_modules/a': entry })
  expect(isInstalled(dir.path)).toBe(false)
  mkdirSync(dir.file('node_modules', 'a'))
  write('node_modules/a/package.json', {})
  expect(isInstalled(dir.path)).toBe(true)
  write('node_modules/.package-lock.json', { 'node_modules/a': { ...entry, version: '1.0.1' } })
  expect(isInstalled(dir.path)).toBe(false)
  write('node_modules/.package-lock.json', {})
  expect(isInstalled(dir.path)).toBe(false)
})
