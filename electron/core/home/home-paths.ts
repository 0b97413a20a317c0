// Floe's home folder: settings, the registry of machines and destinations, journals and logs. No backup lies in it,
// so losing it loses no data. Every file name in it is decided here and nowhere else.
import { mkdir } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { Ports } from '../ports/index.ts'
import { homeUnwritable } from './json-file.ts'

export interface HomePaths {
  readonly root: string
  readonly settings: string
  readonly machines: string
  readonly destinations: string
  /** Holds the `homeId`: which Floe a partial point or a lock belongs to. */
  readonly home: string
  readonly backupJournals: string
  readonly restoreJournals: string
  /** Guests that must be thawed or let go on, by machine. */
  readonly guests: string
  /** Old data of guests that are being copied. */
  readonly scratch: string
  /** What must be taken down of exports. */
  readonly exports: string
  /** Sockets of exports. */
  readonly run: string
  readonly activity: string
  /** What was read back in the background, and what may be. */
  readonly verifyLedger: string
  /** Dirty bitmaps to be taken out of machines that could not be reached. */
  readonly needlessBitmaps: string
  readonly log: string
  readonly demo: string
  readonly controlSocket: string
  readonly ownerLock: string
}

/** Names of everything in the home folder `root` (made absolute). Creates nothing. */
export function homePaths(root: string): HomePaths {
  const at = (...names: string[]) => join(resolve(root), ...names)
  return {
    root: resolve(root),
    settings: at('settings.json'),
    machines: at('machines.json'),
    destinations: at('destinations.json'),
    home: at('home.json'),
    backupJournals: at('journals', 'backup'),
    restoreJournals: at('journals', 'restore'),
    guests: at('guests'),
    scratch: at('scratch'),
    exports: at('exports'),
    run: at('run'),
    activity: at('activity.jsonl'),
    verifyLedger: at('verify-ledger.json'),
    needlessBitmaps: at('needless-bitmaps.json'),
    log: at('logs', 'floe.log'),
    demo: at('demo'),
    controlSocket: at('control.sock'),
    ownerLock: at('owner.lock'),
  }
}

/** `FLOE_HOME`, else the platform's application-data folder (XDG base directories on Linux). */
export function defaultHome(ports: {
  readonly env: Ports['env']
  readonly userDir: string
  readonly platform: Pick<Ports['platform'], 'name'>
}): string {
  const wished = ports.env.FLOE_HOME
  if (wished !== undefined && wished !== '') return resolve(wished)
  if (ports.platform.name === 'darwin') return join(ports.userDir, 'Library', 'Application Support', 'Floe')
  const data = ports.env.XDG_DATA_HOME
  return join(data !== undefined && isAbsolute(data) ? data : join(ports.userDir, '.local', 'share'), 'floe')
}

/**
 * Makes the home folder and its folders, readable by its owner only.
 * @throws FloeError `system/home-unwritable`
 */
export async function createHome(paths: HomePaths): Promise<void> {
  for (const folder of [paths.root, paths.backupJournals, paths.restoreJournals, join(paths.root, 'logs')]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw homeUnwritable(folder, error)
    }
  }
}
