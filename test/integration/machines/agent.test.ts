import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { MachineTiming } from '../../../electron/core/machines/timing.ts'
import type { AgentState, Machine } from '../../../shared/domain/machine.ts'
import { createExt4Image, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { shortTemp, spawnQemu, startMachines, type TestMachines } from './support.ts'

const agentTiming: Partial<MachineTiming> = { agentWatchedMs: 300, agentIdleMs: 300, agentAnswerMs: 1_000 }
/** Nothing is asked by itself, but at the first sight and when something changes. */
const seldom: Partial<MachineTiming> = { agentWatchedMs: 600_000, agentIdleMs: 600_000 }

const options =
  '-chardev socket,path=$HOME/.qmp/plain-machine-agent.sock,server=on,wait=off,id=agent0 -device virtio-serial ' +
  '-device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0'

function agentBecomes<K extends AgentState['kind']>(test: TestMachines, name: string, kind: K) {
  const find = () => {
    const { agent } = test.named(name)
    return agent.kind === kind ? (agent as Extract<AgentState, { kind: K }>) : null
  }
  return until(find, `the agent of ${name} to be ${kind}`, 60_000)
}

async function plainMachine(dir: TempDir, ...args: string[]) {
  const path = await createImage(dir.file('a.qcow2'), '8M')
  return startQemu({ name: 'plain-machine', run: true, disks: [{ id: 'vda', path, format: 'qcow2' }], args })
}

/** Something that takes connections where an agent should be. */
interface FakeAgent {
  readonly path: string
  /** What it says to a line. */
  answer: (line: string) => unknown
  readonly lines: string[]
}
const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

async function fakeAgent(dir: TempDir): Promise<FakeAgent> {
  const fake: FakeAgent = { path: dir.file('agent'), answer: () => null, lines: [] }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      for (const line of data.toString('latin1').split('\n').filter(Boolean)) {
        const text = line.replaceAll('\u00ff', '')
        fake.lines.push(text)
        const said = fake.answer(text)
        if (said !== null) socket.write(said as Buffer | string)
      }
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(fake.path, resolve))
  return fake
}

/** Speaks as an agent does. */
function speaking(version: string, canFreeze: boolean) {
  return (line: string) => {
    const { execute, arguments: given, id } = JSON.parse(line)
    const reply = (value: unknown) => `${JSON.stringify({ return: value, ...(id === undefined ? {} : { id }) })}\n`
    if (execute === 'guest-sync-delimited') {
      return Buffer.concat([Buffer.from([0xff]), Buffer.from(`${JSON.stringify({ return: given.id })}\n`)])
    }
    const freeze = { name: 'guest-fsfreeze-freeze', enabled: canFreeze }
    return reply(execute === 'guest-info' ? { version, supported_commands: [freeze] } : {})
  }
}

describe('without a channel', () => {
  it('a machine says which options would make one', async () => {
    using dir = shortTemp()
    await using qemu = await plainMachine(dir)
    await using test = await startMachines(qemu.dir, { timing: agentTiming })
    expect((await test.becomes('plain-machine', 'running')).agent).toEqual({ kind: 'none', options })
    expect(await test.service.askAgent(test.named('plain-machine').id)).toEqual({ kind: 'none', options })
  })
})

describe('a channel that a person gave', () => {
  async function given(dir: TempDir, work: (test: TestMachines, machine: Machine, fake: FakeAgent) => Promise<void>) {
    await using qemu = await plainMachine(dir)
    const fake = await fakeAgent(dir)
    await using test = await startMachines(qemu.dir, { timing: agentTiming })
    const machine = await test.becomes('plain-machine', 'running')
    await work(test, machine, fake)
  }

  it('is asked at once, and answers what its agent can do', async () => {
    using dir = shortTemp()
    await given(dir, async (test, { id }, fake) => {
      fake.answer = speaking('8.1.0', true)
      expect((await test.service.setAgent(id, fake.path)).agentPath).toBe(fake.path)
      expect(await agentBecomes(test, 'plain-machine', 'ready')).toMatchObject({ version: '8.1.0', canFreeze: true })
      expect(test.service.guestAccess(id)).toMatchObject({
        machineName: 'plain-machine',
        agent: { kind: 'unix', path: fake.path },
        qmp: { kind: 'unix' },
      })
      fake.answer = speaking('8.1.0', false)
      await until(() => {
        const { agent } = test.named('plain-machine')
        return agent.kind === 'ready' && !agent.canFreeze
      }, 'the agent to say that it may not freeze')
    })
  })

  it('that says nothing is silent, and one that speaks something else cannot be used', async () => {
    using dir = shortTemp()
    await given(dir, async (test, { id }, fake) => {
      await test.service.setAgent(id, fake.path)
      await agentBecomes(test, 'plain-machine', 'silent')
      fake.answer = () => `HTTP/1.1 400 Bad Request ${'x'.repeat(100)}\n\n`
      const { text } = await until(async () => {
        const agent = await test.service.askAgent(id)
        return agent.kind === 'unreachable' ? agent : null
      }, 'garbage to be told')
      expect(text).toMatch(/\.$/)
    })
  })

  it('that is not there cannot be used; taken back, there is none', async () => {
    using dir = shortTemp()
    await given(dir, async (test, { id }) => {
      await test.service.setAgent(id, dir.file('nothing-here'))
      expect((await agentBecomes(test, 'plain-machine', 'unreachable')).text).toContain('nothing-here')
      expect((await test.service.setAgent(id, null)).agent.kind).toBe('none')
      await expect(test.service.setAgent(id, 'nonsense')).rejects.toMatchObject({ code: 'ipc/invalid-input' })
    })
  })

  it('is kept over a restart of Floe', async () => {
    using dir = shortTemp()
    await using qemu = await plainMachine(dir)
    const fake = await fakeAgent(dir)
    fake.answer = speaking('8.1.0', true)
    {
      await using test = await startMachines(qemu.dir, { timing: agentTiming })
      await test.service.setAgent((await test.becomes('plain-machine', 'running')).id, fake.path)
    }
    await using test = await startMachines(qemu.dir, { timing: agentTiming })
    await agentBecomes(test, 'plain-machine', 'ready')
  })

  it('is not asked while the guest may be frozen', async () => {
    using dir = shortTemp()
    await given(dir, async (test, { id }, fake) => {
      fake.answer = speaking('8.1.0', true)
      await test.service.setAgent(id, fake.path)
      await agentBecomes(test, 'plain-machine', 'ready')
      const since = new Date().toISOString()
      test.service.setMayBeFrozen(id, since)
      expect(test.named('plain-machine').mayBeFrozenSince).toBe(since)
      await test.service.askAgent(id)
      const asked = fake.lines.length
      await expect(test.service.remove(id)).rejects.toMatchObject({ code: 'machine/has-jobs' })
      await test.service.askAgent(id)
      expect(fake.lines.length).toBe(asked)
      test.service.setMayBeFrozen(id, null)
      await until(() => fake.lines.length > asked, 'the agent to be asked again')
    })
  })
})

describe('a channel of the start command', () => {
  it('that a second machine was given, too, counts for neither of them', async () => {
    using dir = shortTemp()
    const args = (name: string) => [
      ...['-name', name, '-device', 'virtio-serial'],
      ...['qmp', 'own'].flatMap((use) => ['-qmp', `unix:${dir.file(`${name}-${use}`)},server=on,wait=off`]),
      ...['-chardev', `socket,path=${dir.file('ga')},server=on,wait=off,id=ga`],
      ...['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0'],
    ]
    await using test = await startMachines(dir, { timing: agentTiming })
    await using _one = spawnQemu(dir, args('one'))
    await using two = spawnQemu(dir, args('two'))
    for (const name of ['one', 'two']) {
      await test.becomes(name, 'guest-paused', 15_000)
      const monitor = await RawQmp.connect(dir.file(`${name}-own`))
      await monitor.command('cont')
      monitor.close()
      await test.becomes(name, 'running', 15_000)
    }
    const { text } = await agentBecomes(test, 'one', 'unreachable')
    expect(text).toMatch(/^one and two were given the same socket/)
    expect(test.service.guestAccess(test.named('two').id)).toMatchObject({ agentSharedWith: 'one' })
    await two.kill()
    const sharer = () => test.service.guestAccess(test.named('one').id).agentSharedWith
    await until(() => sharer() === null, 'the end of the other machine to be seen')
  })

  it('with no agent behind it is known to be silent without a word sent into it', async () => {
    using dir = shortTemp()
    const path = dir.file('ga')
    await using qemu = await plainMachine(
      dir,
      ...['-chardev', `socket,path=${path},server=on,wait=off,id=ga`, '-device', 'virtio-serial'],
      ...['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0'],
    )
    await using test = await startMachines(qemu.dir, {
      timing: seldom,
      openAgent: () => Promise.reject(new Error('It must not be opened.')),
    })
    await test.becomes('plain-machine', 'running')
    await agentBecomes(test, 'plain-machine', 'silent')
    expect(test.named('plain-machine').agentPath).toBe(path)
  })

  it('of a real guest is ready when its agent is, and silent when it ended', async () => {
    using dir = tempDir()
    const image = await createExt4Image(dir.file('a.qcow2'), 16)
    await using guest = await startLinuxGuest(image, 'run', { agent: 'later' })
    await using test = await startMachines(guest.qemu.dir, { timing: { ...seldom, agentAnswerMs: 10_000 } })
    await test.becomes('linux-guest', 'running')
    await agentBecomes(test, 'linux-guest', 'silent')
    await guest.control.startAgent()
    const ready = await agentBecomes(test, 'linux-guest', 'ready')
    expect(ready.canFreeze).toBe(true)
    expect(ready.version).toMatch(/^\d+\.\d+/)
    await guest.control.killAgent()
    await agentBecomes(test, 'linux-guest', 'silent')
    await guest.qemu.quit()
    await test.becomes('linux-guest', 'off')
    expect(test.named('linux-guest').agent).toEqual({ kind: 'unknown' })
  }, 240_000)
})
