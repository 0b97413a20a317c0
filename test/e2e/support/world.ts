// A computer of a test's own: a Floe home, destinations, and real QEMU machines, all in one folder that goes away.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createImage, type QemuOptions, startQemu, type TestDisk, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { root } from './launch.ts'

export interface World extends AsyncDisposable {
  readonly folder: string
  readonly home: string
  /** Makes an empty folder in this world. */
  place(name: string): string
  /** An image with `megabytes` of data, each 64 KiB of it different from the next. */
  disk(id: string, name: string, megabytes: number, virtualSize?: string): Promise<TestDisk>
  /** A machine that this world ends; its guest stands still unless `run` is set. */
  machine(name: string, options?: Omit<QemuOptions, 'name'>): Promise<TestQemu>
  /** A machine without disks and without any QMP socket, or with the one at `qmpPath`. */
  bareMachine(name: string, qmpPath?: string): Promise<void>
  /** Runs Floe's command; answers its lines of JSON. Throws when it fails. */
  floe(...args: string[]): Promise<unknown[]>
}

export function openWorld(): World {
  const folder = mkdtempSync('/tmp/fe-')
  const home = join(folder, 'home')
  const machines: TestQemu[] = []
  const others: (() => Promise<void>)[] = []
  return {
    folder,
    home,
    place: (name) => {
      const path = join(folder, name)
      mkdirSync(path, { recursive: true })
      return path
    },
    disk: async (id, name, megabytes, virtualSize = '256M') => {
      const path = join(folder, name)
      await createImage(path, virtualSize)
      const whole = { driver: 'qcow2', file: { driver: 'file', filename: path } }
      const writes = Array.from({ length: Math.ceil(megabytes / 16) }, (_, part) => [
        '-c',
        `write -q -P ${(part % 250) + 1} ${part * 16}M ${Math.min(16, megabytes - part * 16)}M`,
      ])
      if (megabytes > 0) await run('qemu-io', ...writes.flat(), `json:${JSON.stringify(whole)}`)
      return { id, path, format: 'qcow2' }
    },
    machine: async (name, options = {}) => {
      const before = process.env.TMPDIR
      // Below the folder, or Floe does not see the machine (FLOE_MACHINES_UNDER).
      process.env.TMPDIR = folder
      try {
        const machine = await startQemu({ ...options, name })
        machines.push(machine)
        return machine
      } finally {
        if (before === undefined) delete process.env.TMPDIR
        else process.env.TMPDIR = before
      }
    },
    bareMachine: async (name, qmpPath) => {
      const pidFile = join(folder, `${name}.pid`)
      const args = ['-nodefaults', '-display', 'none', '-machine', 'q35,accel=tcg', '-m', '64', '-S', '-name', name]
      if (qmpPath) args.push('-qmp', `unix:${qmpPath},server=on,wait=off`)
      const child = spawn('qemu-system-x86_64', [...args, '-pidfile', pidFile], { cwd: folder, stdio: 'inherit' })
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      others.push(async () => {
        child.kill('SIGKILL')
        await ended
      })
      await until(() => existsSync(pidFile), `${name} to start`)
    },
    floe: (...args) =>
      new Promise((resolve, reject) => {
        const env = { ...process.env, FLOE_MACHINES_UNDER: folder }
        const words = [join(root, 'out', 'floe'), '--home', home, '--json', ...args]
        execFile(process.execPath, words, { env }, (error, stdout, stderr) => {
          if (error) return reject(new Error(`floe ${args.join(' ')}: ${stdout}${stderr}`))
          const lines = stdout.split('\n').filter((line) => line !== '')
          resolve(lines.map((line): unknown => JSON.parse(line)))
        })
      }),
    [Symbol.asyncDispose]: async () => {
      for (const end of others) await end()
      for (const machine of machines) await machine[Symbol.asyncDispose]()
      const demo = join(home, 'demo', 'qemu.pid')
      if (existsSync(demo)) process.kill(Number(readFileSync(demo, 'utf8')), 'SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
