// A process that joins a home: `node home-process.ts HOME MODE`. Says what happens to it as JSON lines on standard
// output, and does what lines on standard input tell it: `call NAME JSON`, `stop`.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openHome } from '../../../electron/core/control/home-session.ts'
import { realClock } from '../core.ts'
import { toyCore } from './toy-core.ts'

const [homeDir = '', mode = 'long-running'] = process.argv.slice(2)
const say = (event: string, fields: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, pid: process.pid, ...fields })}\n`)

// The record of who ran the core when: one line as it starts, one as it has stopped.
const mark = (what: 'start' | 'stop') => appendFileSync(join(homeDir, 'cores.txt'), `${what} ${process.pid}\n`)

const session = await openHome({
  homeDir,
  ports: {
    clock: realClock,
    logger: { info() {}, warn() {}, error: (text, fields) => say('error', { text, fields }) },
  },
  mode: mode === 'one-shot' ? 'one-shot' : 'long-running',
  startCore: async () => {
    mark('start')
    await delay(30)
    const core = toyCore({ homeDir: String(process.pid) })
    return {
      client: core.client,
      stop: async () => {
        await delay(30)
        mark('stop')
      },
    }
  },
})
session.onRole((role) => say('role', { role }))
session.client.subscribe('settings', (message) => say('push', { kind: message.kind, seq: message.seq }))
say('role', { role: session.role() })

createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, name = '', ...rest] = line.split(' ')
  if (word === 'stop') void session.stop().then(() => process.exit(0))
  if (word === 'call') {
    void session.client
      .invokeUnchecked(name, JSON.parse(rest.join(' ') || '{}'))
      .then((result) => say('result', { name, result }))
  }
})
