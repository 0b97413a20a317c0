import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Moment } from './backup-child.ts'
import type { TestQemu } from './qemu.ts'

const child = fileURLToPath(new URL('./backup-child.ts', import.meta.url))

/** Runs Floe as a process of its own until it kills itself; answers the signal that ended it. */
export function runUntilKilled(...args: string[]): Promise<NodeJS.Signals | null> {
  const floe = spawn(process.execPath, [child, ...args, String(process.pid)], { stdio: 'inherit' })
  return new Promise((resolve) => floe.once('exit', (_, signal) => resolve(signal)))
}

/** A Floe that has made a full backup, and kills itself at a moment of the next one. */
export interface DoomedFloe extends Disposable {
  /** Begins the next backup, of the machine at this QMP socket; answers the signal that ended Floe. */
  backUpAgain(qmpPath: string): Promise<NodeJS.Signals | null>
}

export async function doomedFloe(
  place: { readonly home: string; readonly qmpPath: string; readonly destination: string },
  moment: Moment,
): Promise<DoomedFloe> {
  const args = [place.home, place.qmpPath, place.destination, moment, String(process.pid), 'again']
  const floe = spawn(process.execPath, [child, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => floe.once('exit', (_, signal) => resolve(signal)))
  const isReady = await Promise.race([
    new Promise<boolean>((resolve) => createInterface(floe.stdout).once('line', () => resolve(true))),
    ended.then(() => false),
  ])
  if (!isReady) throw new Error('Floe ended during its first backup.')
  return {
    backUpAgain: (qmpPath) => {
      floe.stdin.write(`${qmpPath}\n`)
      return ended
    },
    // One that was spared would find the machines of later tests, and keep them busy.
    [Symbol.dispose]: () => void floe.kill('SIGKILL'),
  }
}

/** What of Floe's is left in a QEMU: jobs and nodes. */
export async function leftovers(qemu: TestQemu): Promise<string[]> {
  const jobs = await qemu.monitor.command<{ id: string }[]>('query-jobs')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  const names = [...jobs.map((job) => job.id), ...nodes.map((node) => node['node-name'])]
  return names.filter((name) => name.startsWith('floe-'))
}
