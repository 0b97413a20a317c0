// The ports of a plain Node process: the CLI, the web host, and (with another logger) the desktop.
import { randomBytes } from 'node:crypto'
import { homedir } from 'node:os'
import { createDarwinPlatform } from './darwin-platform.ts'
import type { Clock, Platform, Ports } from './index.ts'
import { createLinuxPlatform } from './linux-platform.ts'
import { createConsoleLogger } from './loggers.ts'

export const systemClock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

/** @throws Error on a system that Floe does not know. */
export function createPlatform(name: NodeJS.Platform = process.platform): Platform {
  if (name === 'linux') return createLinuxPlatform()
  if (name === 'darwin') return createDarwinPlatform()
  throw new Error(`Floe runs on macOS and Linux, not on ${name}.`)
}

/** `indexWorker` is the built worker script, `guardCommand` starts the built guard; everything else has a default. */
export function createNodePorts(
  options: Pick<Ports, 'indexWorker' | 'guardCommand'> & Partial<Omit<Ports, 'indexWorker' | 'guardCommand'>>,
): Ports {
  return {
    clock: options.clock ?? systemClock,
    logger: options.logger ?? createConsoleLogger(),
    platform: options.platform ?? createPlatform(),
    randomBytes: options.randomBytes ?? ((size) => randomBytes(size)),
    env: options.env ?? process.env,
    userDir: options.userDir ?? homedir(),
    indexWorker: options.indexWorker,
    guardCommand: options.guardCommand,
    power: options.power ?? null,
  }
}
