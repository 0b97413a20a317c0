import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../../electron/hosts/floe.ts', import.meta.url))

export interface Finished {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON, one value a line. */
  json(): Record<string, unknown>[]
}

export interface Running {
  readonly process: ChildProcess
  /** What it has printed so far. */
  stdout(): string
  readonly finished: Promise<Finished>
}

/** Runs `floe` as a process of its own on a home folder. */
export function startFloeCommand(home: string, ...args: string[]): Running {
  return startFloeWith([], home, ...args)
}

/** As `startFloeCommand`, with options for Node itself, in a process group of its own. */
export function startFloeWith(nodeOptions: readonly string[], home: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [...nodeOptions, program, '--home', home, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: nodeOptions.length > 0,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (status) => {
      const json = () =>
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      resolve({ status: status ?? -1, stdout, stderr, json })
    })
  })
  return { process: child, stdout: () => stdout, finished }
}

export function floe(home: string, ...args: string[]): Promise<Finished> {
  return startFloeCommand(home, ...args).finished
}
