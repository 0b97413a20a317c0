import type { ProcessInfo } from '../index.ts'
import { splitJoinedCommand } from '../joined-command.ts'
import { isOtherEngine, isQemu } from '../machine-programs.ts'

/** Lines of `ps -axww -o pid=,ppid=,user=,stat=,lstart=,command=`. */
export function parseProcessList(text: string): ProcessInfo[] {
  const processes: ProcessInfo[] = []
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\w{3} +\w{3} +\d+ +[\d:]+ +\d{4})\s+(.*)$/.exec(line)
    if (!match) continue
    const [, pid, ppid, user = null, state = '', started = '', command = ''] = match
    if (state.startsWith('Z')) continue
    const time = new Date(started)
    processes.push({
      pid: Number(pid),
      ppid: Number(ppid),
      user,
      args: splitJoinedCommand(command),
      cwd: null,
      startedAt: Number.isNaN(time.getTime()) ? null : time,
      stopped: state.startsWith('T'),
    })
  }
  return processes
}

/** Virtual machines and the processes that started them. */
export function machinesIn(all: readonly ProcessInfo[]): ProcessInfo[] {
  const machines = all.filter(({ args }) => isQemu(args) || isOtherEngine(args))
  const known = new Set(machines.map(({ pid }) => pid))
  const parents = new Set(machines.map(({ ppid }) => ppid).filter((pid) => pid > 1 && !known.has(pid)))
  return [...machines, ...all.filter(({ pid }) => parents.has(pid))]
}
