import { mkdirSync } from 'node:fs'
import { startDemoGuest } from '../../support/demo-guest.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { floe, type Running } from './floe-command.ts'

export function lastEvent(command: Running): Record<string, unknown> {
  const lines = command.stdout().trimEnd().split('\n')
  return lines.at(-1) === '' ? {} : (JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>)
}

/** A home with a machine that takes a while to back up at 1 MB/s, and a destination. */
export async function slowWorld() {
  const dir = tempDir()
  const name = `slow ${dir.path}`
  const guest = await startDemoGuest({ hidden: true, blocks: 2048, pauseMs: 50 })
  const home = dir.file('home')
  mkdirSync(dir.file('backups'))
  await floe(home, 'machine', 'add', '--qmp', guest.qmpPath, '--name', name)
  await floe(home, 'destination', 'add', dir.file('backups'))
  const slowly = ['backup', name, '--limit', '1M', '--json']
  return {
    dir,
    guest,
    home,
    name,
    slowly,
    [Symbol.asyncDispose]: async () => {
      await guest[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

/** Waits for something that a running command shows; fails at once when the command has ended. */
export async function shows(command: Running, what: string, check: () => boolean): Promise<void> {
  await until(
    () => {
      if (!check() && command.process.exitCode !== null) throw new Error(`No ${what}, but: ${command.stdout()}`)
      return check()
    },
    what,
    90_000,
  )
}

export const isCopying = (command: Running) => shows(command, 'copying', () => lastEvent(command).state === 'copying')
export const isServing = (command: Running) => shows(command, 'address', () => command.stdout().includes('127.0.0.1'))
