import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createFileLogger } from '../../../../electron/core/ports/loggers.ts'
import { createNodePorts } from '../../../../electron/core/ports/node-ports.ts'
import { guardCommand } from '../../../support/guard-command.ts'
import { tempDir } from '../../../support/temp.ts'

it('a log file says when, how bad and what, keeps errors’ causes, and begins anew when it is big', () => {
  using dir = tempDir()
  const file = dir.file('logs', 'floe.log')
  const logger = createFileLogger(file, 300)
  logger.error('It broke.', { error: new Error('why'), path: '/a' })
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT\S+ error It broke\. \{"error":\{"message":"why"/)
  for (let count = 0; count < 10; count += 1) logger.info('A line that fills the file.')
  expect(existsSync(`${file}.1`)).toBe(true)
  expect(readFileSync(file, 'utf8').length).toBeLessThan(500)
})

it('the ports of plain Node have a default for everything', () => {
  const ports = createNodePorts({ indexWorker: new URL('file:///w'), guardCommand })
  expect(ports.randomBytes(8)).toHaveLength(8)
  expect(ports.clock.monotonic()).toBeGreaterThan(0)
  expect(['linux', 'darwin']).toContain(ports.platform.name)
})
