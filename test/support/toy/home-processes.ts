import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Result } from '../../../shared/ipc/result.ts'
import { until } from '../run.ts'

export interface HomeEvent {
  readonly event: 'role' | 'push' | 'result' | 'error'
  readonly role?: string
  readonly kind?: string
  readonly result?: Result<Record<string, unknown>>
}

export interface HomeProcess {
  readonly pid: number
  readonly events: HomeEvent[]
  role(): string | undefined
  call(name: string, input?: unknown): Promise<Result<Record<string, unknown>>>
  stop(): Promise<void>
  kill(): Promise<void>
  readonly ended: Promise<void>
}

/** Starts `home-process.ts` on a home; it is killed when the test's process ends, whatever happens. */
export function startHomeProcess(home: string, mode: 'long-running' | 'one-shot' = 'long-running'): HomeProcess {
  const script = fileURLToPath(new URL('./home-process.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', script, home, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const events: HomeEvent[] = []
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => events.push(JSON.parse(line)))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.stdin?.on('error', () => {})
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  void ended.then(() => process.removeListener('exit', orphaned))
  const write = (line: string) => child.stdin?.write(`${line}\n`)
  return {
    pid: child.pid as number,
    events,
    role: () => events.findLast((event) => event.event === 'role')?.role,
    call: async (name, input = {}) => {
      const before = events.filter((event) => event.event === 'result').length
      write(`call ${name} ${JSON.stringify(input)}`)
      const answer = await until(() => events.filter((event) => event.event === 'result')[before], `${name} to answer`)
      return answer.result as Result<Record<string, unknown>>
    },
    stop: () => {
      write('stop')
      return ended
    },
    kill: () => {
      child.kill('SIGKILL')
      return ended
    },
    ended,
  }
}
