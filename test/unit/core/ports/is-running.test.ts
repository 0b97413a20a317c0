import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { isRunning } from '../../../../electron/core/ports/is-running.ts'

it('a process runs until it has ended, whoever owns it', async () => {
  expect([isRunning(process.pid), isRunning(1)]).toEqual([true, true])
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = once(child, 'exit')
  expect(isRunning(child.pid ?? 0)).toBe(true)
  child.stdin.end()
  await ended
  expect(isRunning(child.pid ?? 0)).toBe(false)
})
