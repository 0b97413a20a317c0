// The list of what happened, kept for a year in one JSONL file of the home folder: a line per event, and a line per
// dismissal. Appending needs no reading, and a line cut short by a crash costs that line only. What has expired or was
// superseded is cleared out by rewriting the file whole (temporary file, then rename).
import { copyFileSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Activity } from '../../../shared/domain/activity.ts'
import { homeUnwritable, writeFileAtomically } from '../home/json-file.ts'
import { newId } from '../ids.ts'
import type { Ports } from '../ports/index.ts'
import type { Topic } from '../topics/topic.ts'
import type { ActivityLog } from './types.ts'

export interface StoredActivityLog extends ActivityLog {
  /** Resolves when everything added so far is in the file, or was complained about in the log. */
  flush(): Promise<void>
}

interface Deps {
  readonly ports: Pick<Ports, 'clock' | 'logger' | 'randomBytes'>
  readonly file: string
  readonly topic: Topic<'activity'>
}

const keptDays = 365
/** Lines that may be superseded before the file is rewritten. */
const spareLines = 200

/**
 * Reads the file at once and publishes what is in it.
 * @throws FloeError `system/home-unwritable` when the file exists and cannot be read
 */
export function createActivityLog(deps: Deps): StoredActivityLog {
  const stored = load(deps)
  const entries = new Map(stored.entries.map((entry) => [entry.id, entry]))
  let lines = stored.lines
  let startsCleanly = stored.endsCleanly
  let last: Promise<void> = Promise.resolve()

  const expire = () => {
    const oldest = deps.ports.clock.now().getTime() - keptDays * 86_400_000
    const old = [...entries.values()].filter((entry) => Date.parse(entry.at) < oldest).map((entry) => entry.id)
    for (const id of old) entries.delete(id)
    deps.topic.remove(...old)
  }
  const write = (line: unknown) => {
    lines += 1
    last = last
      .then(async () => {
        if (lines > entries.size + spareLines) {
          const all = [...entries.values()]
          await writeFileAtomically(deps.file, all.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
          lines = all.length
          startsCleanly = true
          return
        }
        await append(deps.file, `${startsCleanly ? '' : '\n'}${JSON.stringify(line)}\n`)
        startsCleanly = true
      })
      .catch((error) => {
        lines = Number.POSITIVE_INFINITY // the next write brings the whole file up to date
        const problem = homeUnwritable(deps.file, error)
        deps.ports.logger.error(problem.message, { file: deps.file, cause: String(error) })
      })
  }

  expire()
  deps.topic.set(...entries.values())
  return {
    list: () => [...entries.values()].reverse(),
    add: (entry) => {
      const id = newId(deps.ports)
      const activity: Activity = { ...entry, id, at: deps.ports.clock.now().toISOString(), dismissed: false }
      entries.set(id, activity)
      expire()
      deps.topic.set(activity)
      write(activity)
    },
    dismiss: (id) => {
      const entry = entries.get(id)
      if (entry === undefined || entry.dismissed) return
      entries.set(id, { ...entry, dismissed: true })
      deps.topic.set({ ...entry, dismissed: true })
      write({ dismiss: id })
    },
    flush: () => last,
  }
}

async function append(path: string, text: string): Promise<void> {
  const handle = await open(path, 'a', 0o600)
  try {
    await handle.writeFile(text)
  } finally {
    await handle.close()
  }
}

function load(deps: Deps): { entries: Activity[]; lines: number; endsCleanly: boolean } {
  let text: string
  try {
    text = readFileSync(deps.file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { entries: [], lines: 0, endsCleanly: true }
    throw homeUnwritable(deps.file, error)
  }
  const entries = new Map<string, Activity>()
  const lines = text.split('\n')
  const endsCleanly = lines.at(-1) === ''
  let damaged = 0
  for (const line of lines) {
    if (line === '') continue
    const read = readLine(line)
    if (read === null) damaged += 1
    else if ('dismiss' in read) {
      const entry = entries.get(read.dismiss)
      if (entry !== undefined) entries.set(read.dismiss, { ...entry, dismissed: true })
    } else entries.set(read.id, read)
  }
  if (damaged > (endsCleanly ? 0 : 1)) {
    const copy = `${deps.file}.damaged-${deps.ports.clock.now().toISOString().replaceAll(/[:.]/g, '-')}`
    copyFileSync(deps.file, copy)
    deps.ports.logger.warn(`${damaged} lines of ${deps.file} can't be read; the file as it was is kept as ${copy}.`)
  }
  return { entries: [...entries.values()], lines: lines.length, endsCleanly }
}

function readLine(line: string): Activity | { dismiss: string } | null {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && 'dismiss' in value && typeof value.dismiss === 'string') {
      return { dismiss: value.dismiss }
    }
    return Activity.safeParse(value).data ?? null
  } catch {
    return null
  }
}
