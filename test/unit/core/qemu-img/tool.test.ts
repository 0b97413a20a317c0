import { chmodSync, writeFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { installCommand, locateTool, runTool } from '../../../../electron/core/qemu-img/index.ts'
import { tempDir } from '../../../support/temp.ts'

function program(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
}

it('the folder of FLOE_QEMU_DIR goes before PATH', async () => {
  using dir = tempDir()
  program(dir.file('qemu-img'), 'echo mine')
  expect(await locateTool('qemu-img', { env: { FLOE_QEMU_DIR: dir.path, PATH: '/usr/bin' } })).toBe(
    dir.file('qemu-img'),
  )
  expect(await locateTool('qemu-img', { env: { PATH: `relative::${dir.path}` } })).toBe(dir.file('qemu-img'))
})

it('a missing tool is named with the command that installs it', async () => {
  vi.resetModules()
  vi.doMock('node:fs/promises', () => ({ access: () => Promise.reject(new Error('ENOENT')), open: () => {} }))
  const fresh = await import('../../../../electron/core/qemu-img/tool.ts')
  await expect(fresh.locateTool('qemu-nbd', { env: {} })).rejects.toMatchObject({
    code: 'system/tool-missing',
    params: { tool: 'qemu-nbd', command: installCommand() },
    remedy: `Install it with: ${installCommand()}`,
  })
  vi.doUnmock('node:fs/promises')
})

it('Homebrew installs it on a Mac, apt on Linux', () => {
  expect(installCommand('darwin')).toBe('brew install qemu')
  expect(installCommand('linux')).toContain('apt-get install qemu-utils')
})

it('a tool that is killed from outside is a failure and not a result', async () => {
  using dir = tempDir()
  program(dir.file('qemu-img'), 'kill -9 $$')
  await expect(runTool('qemu-img', 'do it', [], { env: { FLOE_QEMU_DIR: dir.path } })).rejects.toMatchObject({
    code: 'system/tool-failed',
    message: expect.stringContaining('SIGKILL'),
  })
})

it('a tool that Ctrl-C ended was interrupted and did not fail', async () => {
  using dir = tempDir()
  program(dir.file('qemu-img'), 'kill -2 $$')
  await expect(runTool('qemu-img', 'do it', [], { env: { FLOE_QEMU_DIR: dir.path } })).rejects.toMatchObject({
    code: 'system/interrupted',
  })
})
