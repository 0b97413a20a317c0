// Small JSON files of the home folder. A write is whole or absent: temporary file, fsync, rename, fsync of the folder.
// A file that cannot be understood is set aside and never overwritten, so that nothing a person made is lost.
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { FloeError } from '../errors.ts'
import { syncFolder } from '../ports/sync-folder.ts'

/** What lies on disk: `{ "version": 1, "data": ... }`. */
export type JsonRead<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing' }
  /** The file was moved to `movedTo`; `text` is a finished sentence that says so. */
  | { readonly kind: 'damaged'; readonly movedTo: string; readonly text: string }

let counter = 0

export function homeUnwritable(path: string, cause: unknown): FloeError {
  const folder = dirname(path)
  return new FloeError('system/home-unwritable', `Floe can't write to its home folder: ${path}.`, {
    params: { path, folder },
    remedy: `Make ${folder} writable and see that its drive has space, or start Floe with another home folder (--home).`,
    cause,
  })
}

/**
 * Replaces a file wholly or not at all; creates its folder. Rejects with the system's error and leaves no temporary
 * file behind.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  counter += 1
  const temporary = `${path}.tmp-${process.pid}-${counter}`
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * Writes `{ version, data }`.
 * @throws FloeError `system/home-unwritable`
 */
export async function writeJson(path: string, version: number, data: unknown): Promise<void> {
  try {
    await writeFileAtomically(path, `${JSON.stringify({ version, data }, null, 2)}\n`)
  } catch (error) {
    throw homeUnwritable(path, error)
  }
}

/**
 * Reads `{ version, data }`. A damaged file is moved to `<path>.damaged-<time>`.
 * @throws FloeError `system/home-unwritable` when it cannot be read or was written by a newer Floe
 */
export async function readJson<T>(path: string, version: number, schema: z.ZodType<T>): Promise<JsonRead<T>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' }
    throw homeUnwritable(path, error)
  }
  let reason: string
  try {
    const document = JSON.parse(text) as { version?: unknown; data?: unknown } | null
    if (typeof document?.version === 'number' && document.version > version) {
      throw new FloeError('system/home-unwritable', `${path} was written by a newer Floe.`, {
        params: { path, folder: dirname(path), version: document.version },
        remedy: 'Update Floe, or start it with another home folder (--home).',
      })
    }
    const parsed = schema.safeParse(document?.data)
    if (parsed.success) return { kind: 'ok', value: parsed.data }
    reason = parsed.error.issues[0]?.message ?? 'it does not look as expected'
  } catch (error) {
    if (error instanceof FloeError) throw error
    reason = (error as Error).message
  }
  const movedTo = await setAside(path)
  return { kind: 'damaged', movedTo, text: `${path} was damaged (${reason}) and is kept as ${movedTo}.` }
}

async function setAside(path: string): Promise<string> {
  const movedTo = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  try {
    await rename(path, movedTo)
  } catch (error) {
    throw homeUnwritable(path, error)
  }
  return movedTo
}

/** One file that is read once and then written in order, however many callers there are. */
export class JsonFile<T> {
  readonly path: string
  #version: number
  #schema: z.ZodType<T>
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, version: number, schema: z.ZodType<T>) {
    this.path = path
    this.#version = version
    this.#schema = schema
  }

  read(): Promise<JsonRead<T>> {
    return readJson(this.path, this.#version, this.#schema)
  }

  /** @throws FloeError `system/home-unwritable` */
  write(value: T): Promise<void> {
    const text = structuredClone(value)
    const mine = this.#last.then(() => writeJson(this.path, this.#version, text))
    this.#last = mine.catch(() => {})
    return mine
  }
}
