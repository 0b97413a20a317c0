import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { until } from '../run.ts'

/** The test's own hands inside the guest, through a serial port that neither the agent nor the disks know of. */
export interface GuestControl {
  /** Runs a shell line in the guest and answers the last line it said. @throws Error when its exit status is not 0 */
  run(command: string): Promise<string>
  /** SIGSTOP: the agent is there and says nothing. */
  stopAgent(): Promise<void>
  /** SIGCONT: the agent goes on and answers what was asked meanwhile. */
  continueAgent(): Promise<void>
  /** SIGKILL. What it froze stays frozen. */
  killAgent(): Promise<void>
  startAgent(): Promise<void>
  /** Writes to every disk of the guest and resolves when the disks have it; a frozen guest keeps it waiting. */
  writeNow(): Promise<void>
  /** The guest unmounts its disks and turns itself off. */
  powerOff(): Promise<void>
  /** The guest unmounts its disks and starts again; needs `reboots`. */
  reboot(): Promise<void>
  close(): void
}

/** Commands that were sent before the guest has started are carried out once it has. */
export async function connectControl(path: string): Promise<GuestControl> {
  const socket = await until(
    () =>
      new Promise<ReturnType<typeof connect> | null>((resolve) => {
        const trial = connect(path, () => resolve(trial))
        trial.once('error', () => resolve(null))
      }),
    `the guest's control socket ${path}`,
  )
  const waiting = new Map<number, (answer: { status: number; said: string } | null) => void>()
  let count = 0
  let ended = false
  const lines = createInterface({ input: socket })
  lines.on('error', () => {})
  lines.on('line', (line) => {
    const [, number, status, said = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
    waiting.get(Number(number))?.({ status: Number(status), said })
    waiting.delete(Number(number))
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    for (const answer of waiting.values()) answer(null)
    waiting.clear()
  })
  const ask = (command: string) =>
    new Promise<{ status: number; said: string } | null>((resolve) => {
      if (ended) return resolve(null)
      count += 1
      waiting.set(count, resolve)
      socket.write(`${count} ${command}\n`)
    })
  const runIt = async (command: string): Promise<string> => {
    const answer = await ask(command)
    if (!answer) throw new Error(`The guest ended before it had done: ${command}`)
    if (answer.status !== 0) throw new Error(`${command} in the guest: status ${answer.status}: ${answer.said}`)
    return answer.said
  }
  const just = (command: string) => async () => void (await runIt(command))
  return {
    run: runIt,
    stopAgent: just('agent STOP'),
    continueAgent: just('agent CONT'),
    killAgent: just('agent KILL'),
    startAgent: just('start_agent'),
    writeNow: just('write_now'),
    // The machine may be gone before the answer is through.
    powerOff: async () => void (await ask('end_machine poweroff')),
    reboot: async () => void (await ask('end_machine reboot')),
    close: () => socket.destroy(),
  }
}
