// One file per guest that Floe has touched, so that a later Floe can undo it when neither this one nor its guard did.
import { mkdir, readdir, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { homeUnwritable, readJson, writeJson } from '../home/json-file.ts'
import { syncFolder } from '../ports/sync-folder.ts'

const version = 1

export const GuestRecord = z.object({
  /** Of the Floe that writes it: a guard that finds another one leaves the guest to it. */
  token: z.string(),
  machineId: z.string(),
  machineName: z.string(),
  agent: QmpEndpoint.nullable(),
  qmp: QmpEndpoint.nullable(),
  qemu: z.object({ pid: z.number().int(), identity: z.string() }).nullable(),
  /** The guest ran, and was not frozen, before each of these. */
  dangers: z.array(z.enum(['frozen', 'stopped'])),
  /** ISO 8601. */
  since: z.string(),
})
export type GuestRecord = z.infer<typeof GuestRecord>

/** Records and their folder are for their owner only. */
export class GuestRecords {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  pathOf(machineId: string): string {
    return join(this.#folder, `${encodeURIComponent(machineId)}.json`)
  }

  /** @throws FloeError `system/home-unwritable` */
  async write(record: GuestRecord): Promise<void> {
    await writeJson(this.pathOf(record.machineId), version, record)
  }

  /**
   * Replaces a record without waiting for the disk, for moments when a guest stands still meanwhile. It survives
   * Floe's end; a power cut, which it may not survive, ends QEMU too.
   * @throws FloeError `system/home-unwritable`
   */
  async writeQuickly(record: GuestRecord): Promise<void> {
    const path = this.pathOf(record.machineId)
    const temporary = `${path}.new`
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(temporary, `${JSON.stringify({ version, data: record })}\n`, { mode: 0o600 })
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw homeUnwritable(path, error)
    }
  }

  /** @throws FloeError `system/home-unwritable` */
  async remove(machineId: string): Promise<void> {
    const path = this.pathOf(machineId)
    try {
      await unlink(path)
      await syncFolder(this.#folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw homeUnwritable(path, error)
    }
  }

  /**
   * What earlier runs left. A damaged record is set aside and told to `report`.
   * @throws FloeError `system/home-unwritable`
   */
  async all(report: (text: string) => void): Promise<readonly GuestRecord[]> {
    let names: string[]
    try {
      names = await readdir(this.#folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw homeUnwritable(this.#folder, error)
    }
    // Half written when its Floe ended: what it was to tell of had not begun.
    const halves = names.filter((name) => /\.json\.(tmp-.*|new)$/.test(name))
    await Promise.all(halves.map((name) => unlink(join(this.#folder, name)).catch(() => {})))
    const found: GuestRecord[] = []
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const read = await readJson(join(this.#folder, name), version, GuestRecord)
      if (read.kind === 'ok') found.push(read.value)
      else if (read.kind === 'damaged') report(read.text)
    }
    return found
  }
}
