import { readdir, readFile, readlink } from 'node:fs/promises'
import type { ProcessInfo } from '../index.ts'
import { isOtherEngine, isQemu } from '../machine-programs.ts'

const ticksPerSecond = 100

/** A file of /proc, or null when the process has ended meanwhile or belongs to somebody who hides it. */
async function readQuietly(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}

export async function pidsOf(root = '/proc'): Promise<number[]> {
  return (await readdir(root)).filter((name) => /^\d+$/.test(name)).map(Number)
}

export async function argumentsOf(pid: number): Promise<readonly string[] | null> {
  const text = await readQuietly(`/proc/${pid}/cmdline`)
  return text ? text.replace(/\0$/, '').split('\0') : null
}

async function userNames(): Promise<Map<number, string>> {
  const names = new Map<number, string>()
  for (const line of ((await readQuietly('/etc/passwd')) ?? '').split('\n')) {
    const [name, , uid] = line.split(':')
    if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name)
  }
  return names
}

async function bootTime(): Promise<number | null> {
  const seconds = /^btime (\d+)$/m.exec((await readQuietly('/proc/stat')) ?? '')?.[1]
  return seconds === undefined ? null : Number(seconds)
}

/** Parent and start (in clock ticks since boot) from the text of /proc/PID/stat; the name in it may hold anything. */
export function parseStat(text: string): { state: string; ppid: number; startTicks: number } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, ppid] = fields
  const startTicks = fields[19]
  if (state === undefined || ppid === undefined || startTicks === undefined) return null
  return { state, ppid: Number(ppid), startTicks: Number(startTicks) }
}

interface Facts {
  readonly users: Map<number, string>
  readonly boot: number | null
}

async function describe(pid: number, args: readonly string[], facts: Facts): Promise<ProcessInfo | null> {
  const stat = parseStat((await readQuietly(`/proc/${pid}/stat`)) ?? '')
  if (!stat || stat.state === 'Z') return null
  const status = (await readQuietly(`/proc/${pid}/status`)) ?? ''
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1]
  return {
    pid,
    ppid: stat.ppid,
    user: uid === undefined ? null : (facts.users.get(Number(uid)) ?? uid),
    args,
    cwd: await readlink(`/proc/${pid}/cwd`).catch(() => null),
    startedAt: facts.boot === null ? null : new Date((facts.boot + stat.startTicks / ticksPerSecond) * 1000),
    stopped: stat.state === 'T' || stat.state === 't',
  }
}

/** QEMUs, other engines' machines, and the parents of both (what started them). From /proc (proc(5)). */
export async function listLinuxProcesses(): Promise<readonly ProcessInfo[]> {
  const facts = { users: await userNames(), boot: await bootTime() }
  const all = await Promise.all((await pidsOf()).map(async (pid) => ({ pid, args: await argumentsOf(pid) })))
  const describeAll = async (some: readonly { pid: number; args: readonly string[] | null }[]) =>
    (await Promise.all(some.map(({ pid, args }) => (args ? describe(pid, args, facts) : null)))).filter(
      (info) => info !== null,
    )
  const machines = await describeAll(all.filter(({ args }) => args && (isQemu(args) || isOtherEngine(args))))
  const known = new Set(machines.map((info) => info.pid))
  const parents = new Set(machines.map((info) => info.ppid).filter((pid) => pid > 1 && !known.has(pid)))
  return [...machines, ...(await describeAll(all.filter(({ pid }) => parents.has(pid))))]
}
