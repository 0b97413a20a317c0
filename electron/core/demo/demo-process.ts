// Starting, finding again and ending the demo's QEMU. It outlives Floe, so the next Floe must recognise it: by its
// pid file and its command line together, because a pid alone may have gone to another program.
import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { isRunning } from '../ports/is-running.ts'
import type { DemoFiles } from './demo-files.ts'

/**
 * Starts QEMU detached and waits until its QMP socket takes connections.
 * @throws FloeError `system/tool-failed` with QEMU's own words
 */
export async function startProcess(program: string, args: readonly string[], files: DemoFiles): Promise<number> {
  const log = await open(files.log, 'w', 0o600)
  let ending: string | null = null
  try {
    const child = spawn(program, args, { cwd: files.folder, detached: true, stdio: ['ignore', log.fd, log.fd] })
    child.once('error', (error) => {
      ending ??= error.message
    })
    child.once('exit', (code, signal) => {
      ending ??= `It ended with ${signal ?? `status ${code}`}.`
    })
    child.unref()
    const deadline = performance.now() + 60_000
    while (!(await accepts(files.serial))) {
      if (ending !== null || performance.now() > deadline) {
        if (ending === null) child.kill('SIGKILL')
        throw startFailed(program, ending ?? 'It did not open its sockets.', await readFile(files.log, 'utf8'))
      }
      await delay(25)
    }
    return child.pid as number
  } finally {
    await log.close()
  }
}

function startFailed(program: string, ending: string, words: string): FloeError {
  const text = words.trim() === '' ? ending : words.trim()
  return new FloeError('system/tool-failed', `QEMU could not start the demo machine: ${text}`, {
    params: { tool: program, task: 'start the demo machine', output: text },
  })
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** The pid of the demo's QEMU; null when it does not run. */
export async function findProcess(files: DemoFiles, ports: Pick<Ports, 'platform'>): Promise<number | null> {
  let text: string
  try {
    text = await readFile(files.pidFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const pid = Number.parseInt(text, 10)
  if (!Number.isSafeInteger(pid) || pid < 2 || !isRunning(pid)) return null
  const processes = await ports.platform.listProcesses()
  const found = processes.find((candidate) => candidate.pid === pid)
  // With the option's name in front: the demo of another home may have a path that ends with this one.
  return found && ` ${found.args.join(' ')} `.includes(` -pidfile ${files.pidFile} `) ? pid : null
}

/** Waits until the process is gone. @returns false after `milliseconds` */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false
    await delay(20)
  }
  return true
}

/** Ends the demo's QEMU from outside: SIGTERM (a clean end for QEMU), then SIGKILL. Looks each time that it is ours. */
export async function killProcess(files: DemoFiles, ports: Pick<Ports, 'platform'>): Promise<void> {
  for (const [signal, patience] of [['SIGTERM', 5_000] as const, ['SIGKILL', 5_000] as const]) {
    const pid = await findProcess(files, ports)
    if (pid === null) return
    process.kill(pid, signal)
    if (await waitForEnd(pid, patience)) return
  }
  throw new FloeError('system/unexpected', 'The QEMU of the demo machine does not end.')
}
