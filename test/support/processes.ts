import { execFileSync } from 'node:child_process'

/** Numbers of the processes with this text among their arguments. */
export function processesNaming(text: string): number[] {
  const lines = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10))
}
