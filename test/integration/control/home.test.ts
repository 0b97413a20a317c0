import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openHome } from '../../../electron/core/control/home-session.ts'
import { quietLogger, realClock } from '../../support/core.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { type HomeProcess, startHomeProcess } from '../../support/toy/home-processes.ts'
import { toyCore } from '../../support/toy/toy-core.ts'

const settled = (process: HomeProcess) =>
  until(() => process.role() === 'owner' || process.role() === 'guest', `process ${process.pid} to join`)

/** Every core must have stopped, or its process be dead, before the next one starts. */
function expectOneCoreAtATime(home: string, killed: ReadonlySet<number>): void {
  let running: number | null = null
  for (const entry of readFileSync(`${home}/cores.txt`, 'utf8').trim().split('\n')) {
    const [what, pid] = [entry.split(' ')[0], Number(entry.split(' ')[1])]
    if (what === 'start') {
      expect(running === null || killed.has(running), `${entry}, while ${running} had not stopped`).toBe(true)
      running = pid
    } else {
      expect(running).toBe(pid)
      running = null
    }
  }
}

describe('one home, several processes', () => {
  it('has one owner however many start at once, and everybody works through it', async () => {
    using dir = tempDir()
    const processes = Array.from({ length: 10 }, () => startHomeProcess(dir.path))
    await Promise.all(processes.map(settled))
    const owners = processes.filter((each) => each.role() === 'owner')
    expect(owners).toHaveLength(1)
    for (const each of processes) {
      expect(await each.call('app.hello')).toMatchObject({ ok: true, value: { homeDir: String(owners[0]?.pid) } })
    }
    const killed = new Set(processes.map((each) => each.pid))
    await Promise.all(processes.map((each) => each.kill()))
    expectOneCoreAtATime(dir.path, killed)
  })

  it('lets a guest take over from an owner that was killed, with fresh snapshots', async () => {
    using dir = tempDir()
    const owner = startHomeProcess(dir.path)
    await settled(owner)
    const guest = startHomeProcess(dir.path)
    await settled(guest)
    await until(() => guest.events.some((event) => event.kind === 'snapshot'), 'the first snapshot')
    await owner.kill()
    await until(() => guest.role() === 'owner', 'the guest to take over')
    await until(() => guest.events.filter((event) => event.kind === 'snapshot').length === 2, 'a fresh snapshot')
    expect(await guest.call('app.hello')).toMatchObject({ value: { homeDir: String(guest.pid) } })
    await guest.stop()
    expectOneCoreAtATime(dir.path, new Set([owner.pid]))
    expect(existsSync(dir.file('control.sock'))).toBe(false)
  })

  it('hands the home on when the owner leaves, and not before its core has stopped', async () => {
    using dir = tempDir()
    const owner = startHomeProcess(dir.path)
    await settled(owner)
    const guests = [startHomeProcess(dir.path), startHomeProcess(dir.path)]
    await Promise.all(guests.map(settled))
    await owner.stop()
    await until(() => guests.some((guest) => guest.role() === 'owner'), 'one guest to take over')
    await Promise.all(guests.map(settled))
    const roles = guests.map((guest) => guest.role()).sort()
    expect(roles).toEqual(['guest', 'owner'])
    await Promise.all(guests.map((guest) => guest.stop()))
    expectOneCoreAtATime(dir.path, new Set())
  })

  it('fails the calls of a command whose owner is gone, without taking over', async () => {
    using dir = tempDir()
    const owner = startHomeProcess(dir.path)
    await settled(owner)
    const command = startHomeProcess(dir.path, 'one-shot')
    await settled(command)
    const waiting = command.call('machines.refresh')
    await until(async () => (await owner.call('settings.get')).ok, 'the owner to answer')
    await owner.kill()
    expect(await waiting).toMatchObject({ ok: false, problem: { code: 'ipc/disconnected' } })
    expect(await command.call('settings.get')).toMatchObject({ ok: false, problem: { code: 'ipc/disconnected' } })
    expect(command.role()).toBe('between')
    await command.kill()
  })

  it('never has two owners, whoever starts, stops or is killed', { timeout: 180_000 }, async () => {
    const step = fc.record({ what: fc.constantFrom('start', 'start', 'stop', 'kill', 'kill-owner'), which: fc.nat(9) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
        using dir = tempDir()
        const killed = new Set<number>()
        let alive: HomeProcess[] = []
        const end = async (process: HomeProcess | undefined, how: 'stop' | 'kill') => {
          if (process === undefined) return
          alive = alive.filter((each) => each !== process)
          if (how === 'kill') killed.add(process.pid)
          else await settled(process)
          await process[how]()
        }
        for (const { what, which } of steps) {
          if (what === 'start') alive.push(startHomeProcess(dir.path))
          else if (what === 'kill-owner')
            await end(
              alive.find((each) => each.role() === 'owner'),
              'kill',
            )
          else await end(alive[which % Math.max(1, alive.length)], what === 'stop' ? 'stop' : 'kill')
        }
        const last = startHomeProcess(dir.path)
        alive.push(last)
        await Promise.all(alive.map(settled))
        await until(() => alive.filter((each) => each.role() === 'owner').length === 1, 'exactly one owner')
        expect(await last.call('settings.get')).toMatchObject({ ok: true })
        for (const each of alive) killed.add(each.pid)
        await Promise.all(alive.map((each) => each.kill()))
        expectOneCoreAtATime(dir.path, killed)
      }),
      { numRuns: 4 },
    )
  })
})

describe('a home folder', () => {
  const open = (homeDir: string) =>
    openHome({
      homeDir,
      ports: { clock: realClock, logger: quietLogger },
      mode: 'one-shot',
      startCore: async () => toyCore(),
    })

  it('is closed to other users, and so is its socket', async () => {
    using dir = tempDir()
    const session = await open(dir.file('home'))
    expect(lstatSync(dir.file('home')).mode & 0o777).toBe(0o700)
    expect(lstatSync(dir.file('home', 'control.sock')).mode & 0o777).toBe(0o600)
    await session.stop()
  })

  it('that is empty and open to all is closed, one with other things in it is left as it is', async () => {
    using dir = tempDir()
    mkdirSync(dir.file('empty'), { mode: 0o755 })
    mkdirSync(dir.file('full'), { mode: 0o755 })
    writeFileSync(dir.file('full', 'letter.txt'), 'mine')
    for (const name of ['empty', 'full']) await (await open(dir.file(name))).stop()
    expect(lstatSync(dir.file('empty')).mode & 0o777).toBe(0o700)
    expect(lstatSync(dir.file('full')).mode & 0o777).toBe(0o755)
  })

  it('with a path too long for a socket uses a short one that others find', async () => {
    using dir = tempDir()
    const home = dir.file('a'.repeat(60), 'b'.repeat(60))
    const owner = await open(home)
    const guest = await open(home)
    expect([owner.role(), guest.role()]).toEqual(['owner', 'guest'])
    expect(await guest.client.invoke('settings.get', {})).toMatchObject({ ok: true })
    await guest.stop()
    await owner.stop()
  })

  it('that cannot be made or written is a problem with its path', async () => {
    using dir = tempDir()
    writeFileSync(dir.file('file'), '')
    await expect(open(dir.file('file', 'home'))).rejects.toMatchObject({ code: 'system/home-unwritable' })
    mkdirSync(dir.file('home'))
    writeFileSync(dir.file('home', 'owner.lock'), 'not a folder')
    await expect(open(dir.file('home'))).rejects.toMatchObject({ code: 'system/home-unwritable' })
  })

  it('is given up when the core does not start', async () => {
    using dir = tempDir()
    const ports = { clock: realClock, logger: quietLogger }
    const startCore = () => Promise.reject(new Error('no core today'))
    await expect(openHome({ homeDir: dir.path, ports, mode: 'long-running', startCore })).rejects.toThrow(
      'no core today',
    )
    const session = await open(dir.path)
    expect(session.role()).toBe('owner')
    await session.stop()
  })

  it('is taken over from an owner whose number another process has now', async () => {
    using dir = tempDir()
    mkdirSync(dir.file('owner.lock'))
    const record = { pid: process.pid, identity: 'another time', state: 'serving', socket: dir.file('control.sock') }
    writeFileSync(dir.file('owner.lock', '41.json'), JSON.stringify(record))
    writeFileSync(dir.file('control.sock'), '')
    const session = await open(dir.path)
    expect(session.role()).toBe('owner')
    await session.stop()
  })

  it('survives guests that talk nonsense', async () => {
    using dir = tempDir()
    const session = await open(dir.path)
    for (const nonsense of [
      'not json\n',
      '{"kind":"call"}\n',
      '[]\n',
      '{"kind":"subscribe","id":1,"topic":"secrets"}\n',
    ]) {
      const socket = connect(dir.file('control.sock'))
      socket.on('error', () => {})
      socket.resume()
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.write(nonsense)
      await closed
    }
    const guest = await open(dir.path)
    expect(await guest.client.invoke('settings.get', {})).toMatchObject({ ok: true })
    await guest.stop()
    await session.stop()
  })

  it('carries an abort to the owner and the answer back', async () => {
    using dir = tempDir()
    const owner = await open(dir.path)
    const guest = await open(dir.path)
    const controller = new AbortController()
    const answer = guest.client.invoke('machines.refresh', {}, controller.signal)
    await guest.client.invoke('settings.get', {})
    controller.abort()
    expect(await answer).toMatchObject({ ok: false, problem: { code: 'ipc/aborted' } })
    await guest.stop()
    await owner.stop()
    expect(await owner.client.invoke('settings.get', {})).toMatchObject({ problem: { code: 'ipc/disconnected' } })
  })
})
