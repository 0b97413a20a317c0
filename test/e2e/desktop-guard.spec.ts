import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import type { GuardConfig } from '../../electron/core/guest-agent/guard/words.ts'
import { guardCommand } from '../../electron/hosts/desktop/guard-launch.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { processesNaming } from '../support/processes.ts'
import { tempDir } from '../support/temp.ts'
import { launchDesktop } from './support/launch.ts'

test('the app’s own program is the guard that thaws a guest when the app is killed', async () => {
  using dir = tempDir('floe-guard-')
  await using agent = await fakeAgent()
  await using desktop = await launchDesktop(dir.file('home'))
  const { app } = desktop
  const own = await app.evaluate((electron) => ({
    facts: { program: process.execPath, isPackaged: electron.app.isPackaged, appPath: electron.app.getAppPath() },
    argv: process.argv,
  }))
  const usual = guardCommand(own.facts, own.argv)
  const command = { ...usual, args: [...usual.args, `--guard-of=${dir.path}`] }
  mkdirSync(dir.file('records'))
  const record = dir.file('records', 'm1.json')
  writeFileSync(record, JSON.stringify({ version: 1, data: { token: 'mine' } }))
  const guest = { machineId: 'm1', machineName: 'debian', agent: agent.endpoint, qmp: null }
  const config: GuardConfig = { guest, record, token: 'mine', log: dir.file('guard.log'), retryMs: 500 }

  const answers = await app.evaluate(
    async (_, { program, args, env, lines }) => {
      const { spawn } = process.getBuiltinModule('node:child_process')
      const guard = spawn(program, [...args], { env, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
      Object.assign(globalThis, { guard })
      const said: string[] = []
      for (const line of lines) {
        guard.stdin.write(`${line}\n`)
        said.push(await new Promise<string>((resolve) => guard.stdout.once('data', (data) => resolve(String(data)))))
      }
      return said
    },
    { ...command, lines: [JSON.stringify(config), 'raise frozen'] },
  )
  expect(answers).toEqual(['ok\n', 'ok\n'])
  const guards = () => processesNaming(`--guard-of=${dir.path}`)
  await test.step('the guard is no second app: no window, no profile, no graphics process', async () => {
    expect(guards()).toHaveLength(1)
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(guards()[0] ?? Number.NaN, signal)

  agent.frozen = 2
  const ended = new Promise((resolve) => app.process().once('exit', resolve))
  app.process().kill('SIGKILL')
  await ended
  await expect.poll(() => agent.frozen, { timeout: 5_000 }).toBe(0)
  await expect.poll(guards).toEqual([])
  expect(existsSync(record)).toBe(false)
})
