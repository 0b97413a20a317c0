// The user's settings: one small file, one topic. Reading never fails for want of a file; a damaged one is set aside.
import { defaultSettings, Settings } from '../../../shared/domain/settings.ts'
import type { Ports } from '../ports/index.ts'
import type { Topic } from '../topics/topic.ts'
import { JsonFile } from './json-file.ts'

/** What to change; an absent or undefined key stays as it is. */
export type SettingsChange = { readonly [K in keyof Settings]?: Settings[K] | undefined }

export interface SettingsStore {
  get(): Settings
  /** Takes effect once it is on disk. @throws FloeError `system/home-unwritable` */
  set(change: SettingsChange): Promise<Settings>
}

/** Loads the settings from `file`, with defaults for what it lacks, and publishes them. */
export async function createSettingsStore(deps: {
  readonly ports: Pick<Ports, 'logger'>
  readonly file: string
  readonly topic: Topic<'settings'>
}): Promise<SettingsStore> {
  const file = new JsonFile(deps.file, 1, Settings.partial())
  const read = await file.read()
  if (read.kind === 'damaged') deps.ports.logger.warn(read.text)
  let current: Settings = merge(defaultSettings, read.kind === 'ok' ? read.value : {})
  const publish = () => deps.topic.set({ id: 'settings', settings: current })
  publish()
  let last: Promise<unknown> = Promise.resolve()
  return {
    get: () => current,
    set: (change) => {
      const mine = last.then(async () => {
        const next = merge(current, change)
        await file.write(next)
        current = next
        publish()
        return next
      })
      last = mine.catch(() => {})
      return mine
    },
  }
}

function merge(base: Settings, change: SettingsChange): Settings {
  const given = Object.entries(change).filter(([, value]) => value !== undefined)
  return Settings.parse({ ...base, ...Object.fromEntries(given) })
}
