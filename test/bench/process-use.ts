import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU seconds a process has used so far, with its threads (Linux /proc/PID/stat, fields 14 and 15). */
export function cpuSeconds(pid: number): number {
  const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most memory a process has ever had resident, in MB (10^6 bytes). */
export function peakMegabytes(pid: number): number {
  const kibibytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return (kibibytes * 1024) / 1e6
}
