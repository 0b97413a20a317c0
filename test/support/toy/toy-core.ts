import { randomBytes } from 'node:crypto'
import { FloeError } from '../../../electron/core/errors.ts'
import type { FloeClient } from '../../../electron/core/gate/client.ts'
import { createGate } from '../../../electron/core/gate/gate.ts'
import type { Handlers } from '../../../electron/core/gate/handlers.ts'
import type { Logger } from '../../../electron/core/ports/index.ts'
import { createTopics, type Topics } from '../../../electron/core/topics/topic.ts'
import { defaultSettings } from '../../../shared/domain/settings.ts'
import { ipcVersion } from '../../../shared/ipc/channels.ts'
import { type CoreCallName, calls } from '../../../shared/ipc/contract.ts'
import { quietLogger, realClock } from '../core.ts'

export const gatePorts = { clock: realClock, logger: quietLogger, randomBytes: (size: number) => randomBytes(size) }

export interface ToyCore {
  readonly client: FloeClient
  readonly topics: Topics
  stop(): Promise<void>
}

/**
 * A core without machines, for tests of the boundary: settings live in memory, jobs are whatever the test puts on the
 * board, `machines.refresh` never ends by itself, and everything else says that it is not here.
 */
export function toyCore(
  options: { readonly handlers?: Partial<Handlers>; readonly logger?: Logger; readonly homeDir?: string } = {},
): ToyCore {
  const topics = createTopics()
  let settings = defaultSettings
  const absent = () => Promise.reject(new FloeError('system/tool-missing', 'The toy core has no such thing.'))
  const handlers: Partial<Handlers> = {
    'app.hello': async () => ({
      ipcVersion,
      version: '0.0.0',
      platform: process.platform === 'darwin' ? 'darwin' : 'linux',
      homeDir: options.homeDir ?? '/home',
      userDir: '/home',
      can: { chooseFolder: false, showInFolder: false },
    }),
    'jobs.list': async () => topics.jobs.list(),
    'machines.refresh': (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    'settings.get': async () => settings,
    'settings.set': async (change) => {
      settings = { ...settings, ...(change as Partial<typeof settings>) }
      topics.settings.set({ id: 'settings', settings })
      return settings
    },
    ...options.handlers,
  }
  topics.settings.set({ id: 'settings', settings })
  const names = Object.keys(calls).filter((name) => !name.startsWith('host.')) as CoreCallName[]
  const all = Object.fromEntries(names.map((name) => [name, handlers[name] ?? absent])) as unknown as Handlers
  const ports = { ...gatePorts, logger: options.logger ?? quietLogger }
  return { client: createGate({ handlers: all, topics, ports }), topics, stop: async () => {} }
}
