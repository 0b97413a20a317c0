import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { until } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

it('a tool ends with its Floe when that crashes, and does not hear the Ctrl-C of the terminal', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('tools'))
  // Stands in for a long copy.
  const tool = `#!/bin/sh\necho $$ > '${dir.file('pid')}'\nexec sleep 300\n`
  writeFileSync(dir.file('tools', 'qemu-img'), tool)
  chmodSync(dir.file('tools', 'qemu-img'), 0o755)
  const module = new URL('../../../../electron/core/qemu-img/tool.ts', import.meta.url).href
  const script = `import { runTool } from ${JSON.stringify(module)}
    process.on('SIGINT', () => process.stdout.write('heard'))
    process.on('SIGUSR2', () => { throw new Error('boom') })
    runTool('qemu-img', 'copy', [], { env: { ...process.env, FLOE_QEMU_DIR: ${JSON.stringify(dir.file('tools'))} } })
      .catch(() => process.stdout.write('failed'))`
  writeFileSync(dir.file('main.ts'), script)
  const floe = spawn(process.execPath, ['--no-warnings', dir.file('main.ts')], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let words = ''
  floe.stdout.on('data', (data) => {
    words += data
  })
  const pid = () => (existsSync(dir.file('pid')) ? Number(readFileSync(dir.file('pid'), 'utf8')) : 0)
  await until(() => pid() > 0, 'the tool to run')
  process.kill(-(floe.pid as number), 'SIGINT')
  await until(() => words === 'heard', 'Floe to hear Ctrl-C')
  expect(isAlive(pid())).toBe(true)
  floe.kill('SIGUSR2')
  await until(() => !isAlive(pid()), 'the tool to end')
  expect(words).toBe('heard')
})
