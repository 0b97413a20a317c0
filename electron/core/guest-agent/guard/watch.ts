import { readFile, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../ports/index.ts'
import type { Danger } from '../types.ts'
import { type UndoDeps, undo } from '../undo.ts'
import { type GuardConfig, parseConfig, parseWord } from './words.ts'

export interface GuardDeps extends UndoDeps {
  /** Opens the log that the configuration names. */
  readonly openLog: (file: string) => Logger
}

interface Raised {
  readonly config: GuardConfig
  readonly dangers: Set<Danger>
}

/** Runs the guard until it is dismissed, or its Floe is gone and everything is undone. */
export async function watchOver(input: Readable, output: Writable, deps: GuardDeps): Promise<void> {
  const left = await listen(input, output)
  if (left !== null) await undoAll(left.config, left.dangers, deps)
}

/** Follows Floe's words until they end; null when the guard was dismissed or never told what to guard. */
function listen(input: Readable, output: Writable): Promise<Raised | null> {
  return new Promise((resolve) => {
    let config: GuardConfig | null = null
    let dismissed = false
    const dangers = new Set<Danger>()
    // Floe may be gone: then its input ends too, and that is what counts.
    output.on('error', () => {})
    const lines = createInterface({ input, terminal: false })
    input.on('error', () => lines.close())
    const take = (line: string): string => {
      if (config === null) {
        config = parseConfig(line)
        return config === null ? 'no configuration' : 'ok'
      }
      const word = parseWord(line)
      if (word === null) return 'no such word'
      if (word === 'done') {
        dismissed = true
        setImmediate(() => lines.close())
      } else if (word.verb === 'raise') dangers.add(word.danger)
      else dangers.delete(word.danger)
      return 'ok'
    }
    lines.on('line', (line) => {
      if (!dismissed) output.write(`${take(line)}\n`)
    })
    lines.on('close', () => resolve(dismissed || config === null ? null : { config, dangers }))
  })
}

async function undoAll(config: GuardConfig, dangers: Set<Danger>, deps: GuardDeps): Promise<void> {
  const log = config.log === null ? null : deps.openLog(config.log)
  const { machineName } = config.guest
  const isStillOurs = async () => (await ownerOf(config)) !== 'other'
  for (let attempt = 1; dangers.size > 0; attempt += 1) {
    const owner = await ownerOf(config)
    if (owner === 'other' || (owner === 'nobody' && attempt > 1)) {
      log?.info(`The guard of ${machineName} leaves it to the Floe that runs now.`)
      return
    }
    // A guest whose CPUs stand still cannot thaw.
    for (const danger of ['stopped', 'frozen'] as const) {
      if (!dangers.has(danger)) continue
      try {
        const end = await undo(danger, config.guest, deps, isStillOurs)
        dangers.delete(danger)
        log?.warn(`Floe was gone while ${machineName} was ${danger}: the guard undid it.`, { end, attempt })
      } catch (error) {
        if (attempt === 1) log?.error(`The guard of ${machineName} cannot undo that it is ${danger} yet.`, { error })
      }
    }
    if (dangers.size > 0) await delay(config.retryMs)
  }
  if ((await ownerOf(config)) === 'us') await unlink(config.record).catch(() => {})
}

/**
 * Whose record is it? `nobody`: it was removed, because what it told of is over. A record that cannot be read, or whose
 * whole folder is away, is taken for ours: rather undo once too often.
 */
async function ownerOf(config: GuardConfig): Promise<'us' | 'other' | 'nobody'> {
  try {
    const { data } = JSON.parse(await readFile(config.record, 'utf8')) as { data?: { token?: unknown } }
    return data?.token === config.token ? 'us' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return 'us'
  }
  return (await stat(dirname(config.record)).catch(() => null)) === null ? 'us' : 'nobody'
}
