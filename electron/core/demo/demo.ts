// The demo machine as people use it: one click makes a tiny guest that counts on its disk, so that a restore visibly
// turns time back. Its QEMU outlives Floe like any other machine; everything it has lies in the home's demo folder.
// How the guest works: guest/bios.S. How its number is read: live-counter.ts while it runs, disk-counter.ts while off.
import { access, rename, stat, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Demo as DemoStatus } from '../../../shared/domain/demo.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import { isRunning } from '../ports/is-running.ts'
import type { Repository } from '../repository/types.ts'
import type { Topic } from '../topics/topic.ts'
import { demoArguments } from './demo-command.ts'
import { demoDiskFile } from './demo-disk.ts'
import { endDemo } from './demo-ending.ts'
import { createDemoFolders, demoFiles, removeDemoFolders } from './demo-files.ts'
import { findProcess, startProcess } from './demo-process.ts'
import { readDiskCounter } from './disk-counter.ts'
import { findQemu } from './find-qemu.ts'
import { type LiveCounter, listenToCounter } from './live-counter.ts'
import { assertRemovable, removePoints } from './remove-points.ts'

export interface DemoOptions {
  readonly ports: Pick<Ports, 'env' | 'platform' | 'logger' | 'clock'>
  /** Created when the demo starts, removed with it. Must hold nothing else. */
  readonly demoDir: string
  readonly machines: Pick<MachineService, 'list' | 'add' | 'remove' | 'refresh' | 'acquire'>
  readonly repository: Pick<Repository, 'points' | 'deletePoint' | 'destinations' | 'removeDestination'>
  readonly topic: Topic<'demo'>
  /** Node's name of the processor; tests choose `arm64`. */
  readonly processor?: string
  /** Looks for QEMU; tests take it away. */
  readonly findQemu?: typeof findQemu
}

export interface Demo {
  get(): DemoStatus
  /** Finds a demo machine of an earlier run and starts to publish. */
  open(): Promise<void>
  /** Stops watching. The machine keeps running. */
  close(): Promise<void>
  /** Resolves when the guest counts, or cannot: the state says which. */
  start(): Promise<DemoStatus>
  /** @throws FloeError `machine/has-jobs` while a backup of it runs */
  stop(): Promise<DemoStatus>
  /**
   * Removes the machine, its restore points and its files.
   * @throws FloeError `machine/has-jobs`; `point/unavailable` when a restore point of it is on a drive that is not here
   */
  remove(): Promise<DemoStatus>
}

/** 32 MiB of data: enough to see a backup's progress, little enough to be done in a moment. */
const demoBlocks = 8192
const roundMs = 500
/** The guest's serial line is read by another part, which tells nobody of a first number. */
const counterPollMs = 50
const firstNumberMs = 120_000

export function createDemo(options: DemoOptions): Demo {
  const { ports, machines, topic } = options
  const find = () => (options.findQemu ?? findQemu)(ports, options.processor)
  const files = demoFiles(options.demoDir)
  let state: DemoStatus['state'] = { kind: 'none' }
  let counter: number | null = null
  let pid: number | null = null
  let line: LiveCounter | null = null
  let readStamp = ''
  let timer: NodeJS.Timeout | null = null
  let busy: Promise<unknown> = Promise.resolve()
  let closing = false

  const machineId = (): MachineId | null => machines.list().find((machine) => machine.origin === 'demo')?.id ?? null
  const status = (): DemoStatus => ({
    id: 'demo',
    state,
    machineId: state.kind === 'none' || state.kind === 'unavailable' ? null : machineId(),
    counter,
  })
  const publish = (next: DemoStatus['state'] = state): DemoStatus => {
    state = next
    const now = status()
    topic.set(now)
    return now
  }
  /** One thing at a time: start, stop, remove and the rounds of watching. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = busy.then(work)
    busy = result.catch(() => {})
    return result
  }

  const watch = (running: number | null) => {
    pid = running
    line?.close()
    line = running === null ? null : listenToCounter(files.serial)
    readStamp = ''
  }

  const round = async (): Promise<void> => {
    if (state.kind === 'running' && pid !== null && line !== null) {
      if (isRunning(pid)) {
        line.keepConnected()
        counter = line.counter() ?? counter
        const complaint = line.complaint()
        publish(complaint === null ? state : { kind: 'failed', text: `${complaint}.` })
        return
      }
      watch(null)
      await showOff()
    } else if (state.kind === 'off') await showOff()
  }

  /**
   * Says that the machine is off, with the number on its disk. Reads the image again only when it is another one than
   * before: QEMU ended, or a restore replaced it.
   */
  const showOff = async (): Promise<void> => {
    const stats = await stat(files.disk).catch(() => null)
    const stamp = stats === null ? readStamp : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
    if (stamp !== readStamp) {
      counter = await readDiskCounter(files.disk, ports)
      readStamp = stamp
    }
    publish({ kind: 'off' })
  }

  const keepWatching = () => {
    timer ??= setInterval(() => {
      inTurn(round).catch((error) => ports.logger.warn('Looking at the demo machine failed', { error: String(error) }))
    }, roundMs).unref()
  }

  const look = async (): Promise<void> => {
    const exists = await isThere(files.disk)
    const found = exists ? await findProcess(files, ports) : null
    watch(found)
    if (exists) {
      if (found === null) await showOff()
      else publish({ kind: 'running' })
      return
    }
    const qemu = await find()
    publish(qemu.kind === 'ready' ? { kind: 'none' } : unavailable(qemu))
  }

  const start = async (): Promise<DemoStatus> => {
    if (state.kind === 'running' && pid !== null && isRunning(pid)) return status()
    const qemu = await find()
    if (qemu.kind === 'missing') return publish(unavailable(qemu))
    publish({ kind: 'starting' })
    try {
      let running = await findProcess(files, ports)
      if (running === null) {
        await createDemoFolders(files)
        await createDisk()
        running = await startProcess(qemu.program, demoArguments(qemu, files, ports.platform.name), files)
      }
      watch(running)
      if (machineId() === null) await machines.add(files.qmp, null, 'Demo', 'demo')
      else await machines.refresh()
      await firstNumber(running)
      keepWatching()
      return publish({ kind: 'running' })
    } catch (error) {
      ports.logger.error('The demo machine could not be started', { error: String(error) })
      return publish({ kind: 'failed', text: toProblem(error).message })
    }
  }

  const createDisk = async (): Promise<void> => {
    if (await isThere(files.disk)) return
    const temporary = `${files.disk}.new`
    await writeFile(temporary, demoDiskFile({ blocks: demoBlocks }), { mode: 0o600 })
    await rename(temporary, files.disk)
  }

  const firstNumber = async (running: number): Promise<void> => {
    const deadline = ports.clock.monotonic() + firstNumberMs
    while (line?.counter() == null) {
      // QEMU runs on, and the next Floe finds it.
      if (closing) return
      line?.keepConnected()
      const complaint = line?.complaint() ?? (isRunning(running) ? null : 'The QEMU of the demo ended')
      if (complaint !== null) throw new FloeError('system/tool-failed', `${complaint}.`)
      if (ports.clock.monotonic() > deadline) {
        throw new FloeError('system/tool-failed', 'The demo machine runs, but it does not count.')
      }
      await wait(counterPollMs)
    }
    counter = line.counter()
  }

  const end = async (): Promise<void> => {
    await endDemo(files, ports, machines, machineId())
    watch(null)
  }

  const stop = async (): Promise<DemoStatus> => {
    if (!(await isThere(files.disk))) return status()
    await end()
    if (machineId() !== null) await machines.refresh()
    await showOff()
    keepWatching()
    return status()
  }

  const remove = async (): Promise<DemoStatus> => {
    const machine = machineId()
    if (machine !== null) assertRemovable(machine, options.repository)
    await end()
    const destinations = machine === null ? [] : await removePoints(machine, files, options.repository)
    if (machine !== null) await machines.remove(machine)
    const left = await removeDemoFolders(files, destinations)
    if (left.length > 0) ports.logger.warn('Not part of the demo machine, so it was left', { left })
    counter = null
    await look()
    return status()
  }

  return {
    get: status,
    open: () =>
      inTurn(async () => {
        await look()
        keepWatching()
      }),
    close: async () => {
      closing = true
      if (timer !== null) clearInterval(timer)
      timer = null
      await busy
      line?.close()
    },
    start: () => inTurn(start),
    stop: () => inTurn(stop),
    remove: () => inTurn(remove),
  }
}

function unavailable(qemu: { readonly text: string; readonly command: string }): DemoStatus['state'] {
  return { kind: 'unavailable', text: qemu.text, command: qemu.command }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
