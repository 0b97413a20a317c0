import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createDemo } from '../../../electron/core/demo/demo.ts'
import type { MachineService } from '../../../electron/core/machines/types.ts'
import { isRunning } from '../../../electron/core/ports/is-running.ts'
import { createNodePorts } from '../../../electron/core/ports/node-ports.ts'
import { Topic } from '../../../electron/core/topics/topic.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { verifyDemoImage } from '../../support/demo-guest.ts'
import { guardCommand } from '../../support/guard-command.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

/** Stands in for the machine service: remembers the one machine, and is never able to reach it. */
function oneMachine() {
  let machine: Machine | null = null
  let socket = ''
  const service: Pick<MachineService, 'list' | 'add' | 'remove' | 'refresh' | 'acquire'> = {
    list: () => (machine === null ? [] : [machine]),
    add: async (qmp, _agent, name, origin) => {
      socket = qmp
      const added = { id: 'demomachine1', name, origin } as Machine
      machine = added
      return added
    },
    remove: async () => {
      machine = null
    },
    refresh: async () => ({ processesChecked: 0, foldersChecked: [], found: 0 }),
    acquire: () => Promise.reject(new Error('not reachable')),
  }
  return { service, socket: () => socket }
}

const nothing = {
  points: () => [],
  deletePoint: () => Promise.reject(new Error('There is no point')),
  destinations: () => [],
  removeDestination: () => Promise.reject(new Error('There is no destination')),
}

function demoIn(dir: TempDir, processor: string, folder = dir.file('home, with "odd" name', 'demo')) {
  const machines = oneMachine()
  const topic = new Topic('demo')
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const ports = createNodePorts({ indexWorker: new URL('file:///none'), guardCommand, logger })
  const make = () =>
    createDemo({ ports, demoDir: folder, machines: machines.service, repository: nothing, topic, processor })
  return { make, topic, machines, folder, counter: () => topic.get('demo')?.counter ?? -1 }
}

for (const processor of ['x64', 'arm64']) {
  it(`counts, survives Floe, is turned back by an older image and leaves nothing behind (${processor})`, async () => {
    using dir = tempDir()
    const { make, topic, machines, folder, counter } = demoIn(dir, processor)
    const first = make()
    await first.open()
    expect(first.get().state).toEqual({ kind: 'none' })
    const started = await first.start()
    try {
      expect(started).toMatchObject({ state: { kind: 'running' }, machineId: 'demomachine1' })
      expect(started.counter).toBeGreaterThan(0)
      await until(() => counter() >= (started.counter ?? 0) + 5, 'the published number to grow')
      const pid = Number(readFileSync(`${folder}/qemu.pid`, 'utf8'))
      await first.close()
      expect(isRunning(pid)).toBe(true)

      const second = make()
      await second.open()
      expect(second.get().state).toEqual({ kind: 'running' })
      const stopped = await second.stop()
      expect(isRunning(pid)).toBe(false)
      expect(stopped.state).toEqual({ kind: 'off' })
      expect(stopped.counter).toBeGreaterThan(started.counter ?? 0)
      const older = dir.file('older.qcow2')
      copyFileSync(`${folder}/demo.qcow2`, older)

      await second.start()
      await until(() => counter() > (stopped.counter ?? 0) + 5, 'the guest to go on from its disk')
      await second.stop()
      expect(await verifyDemoImage(`${folder}/demo.qcow2`)).toMatchObject({ ok: true, problems: [] })
      copyFileSync(older, `${folder}/demo.qcow2`)
      await until(() => counter() === stopped.counter, 'the number to be turned back')

      await second.start()
      await second.remove()
      expect(topic.get('demo')).toEqual({ id: 'demo', state: { kind: 'none' }, machineId: null, counter: null })
      expect(machines.service.list()).toEqual([])
      expect(existsSync(folder)).toBe(false)
      await second.close()
    } finally {
      await make().remove()
    }
  })
}

it('a home with a path too long for sockets works too, and is cleaned up', async () => {
  using dir = tempDir()
  const { make, machines, folder } = demoIn(dir, 'x64', dir.file('long'.repeat(30), 'demo'))
  const demo = make()
  try {
    expect(await demo.start()).toMatchObject({ state: { kind: 'running' } })
    expect(machines.socket().length).toBeLessThan(100)
  } finally {
    await demo.remove()
    await demo.close()
  }
  expect(existsSync(machines.socket())).toBe(false)
  expect(existsSync(folder)).toBe(false)
})

it('a demo whose disk is damaged says so instead of counting from anywhere', async () => {
  using dir = tempDir()
  const { make, folder } = demoIn(dir, 'x64')
  const demo = make()
  try {
    await demo.start()
    await demo.stop()
    await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 12288 512', `${folder}/demo.qcow2`)
    expect((await demo.start()).state).toMatchObject({ kind: 'failed', text: 'The demo disk is damaged.' })
  } finally {
    await demo.remove()
    await demo.close()
  }
})

it('without QEMU the demo is unavailable and says what installs it', async () => {
  using dir = tempDir()
  mkdirSync(dir.file('empty'))
  const ports = createNodePorts({ indexWorker: new URL('file:///none'), guardCommand })
  const options = { demoDir: dir.file('demo'), machines: oneMachine().service, repository: nothing }
  const platform = { ...ports.platform, name: 'darwin' as const }
  const missing = { kind: 'missing' as const, text: 'QEMU is missing.', command: 'brew install qemu' }
  const topic = new Topic('demo')
  const demo = createDemo({ ...options, topic, ports: { ...ports, platform }, findQemu: async () => missing })
  await demo.open()
  expect(topic.get('demo')?.state).toEqual({ kind: 'unavailable', text: missing.text, command: 'brew install qemu' })
  expect((await demo.start()).state.kind).toBe('unavailable')
  expect(readdirSync(dir.path)).toEqual(['empty'])
  await demo.close()
})
