import { resolve } from 'node:path'
import { filterDrivers } from './block-types.ts'

/** What a node's file name stands for. */
export type NodeFile =
  | { readonly kind: 'file'; readonly path: string }
  /** The throw-away overlay of `snapshot=on`, or a folder shown as a disk: gone when QEMU ends. */
  | { readonly kind: 'temporary' }
  | { readonly kind: 'other' }

// QEMU's get_tmp_filename(): $TMPDIR or /var/tmp, then "vl." and six characters.
const temporaryName = /\/vl\.[A-Za-z0-9]{6}$/

function ofPath(name: string, cwd: string | null): NodeFile {
  const plain = name.replace(/^file:/, '')
  if (plain === '' || (plain === name && /^[a-z][a-z0-9+-]+:/i.test(plain))) return { kind: 'other' }
  if (temporaryName.test(plain)) return { kind: 'temporary' }
  if (plain.startsWith('/')) return { kind: 'file', path: resolve(plain) }
  return cwd === null ? { kind: 'other' } : { kind: 'file', path: resolve(cwd, plain) }
}

function ofOptions(options: unknown, cwd: string | null): NodeFile {
  if (options === null || typeof options !== 'object') return { kind: 'other' }
  const { driver, file, filename, image, ...rest } = options as Record<string, unknown>
  if (driver === 'vvfat') return { kind: 'temporary' }
  if (typeof filename === 'string') return ofPath(filename, cwd)
  const flat = rest['file.filename']
  if (typeof flat === 'string') return ofPath(flat, cwd)
  if (file !== undefined) return ofOptions(file, cwd)
  if (image !== undefined && filterDrivers.has(String(driver))) return ofOptions(image, cwd)
  return { kind: 'other' }
}

/**
 * The file behind a name as QEMU prints it: verbatim what was given (relative to QEMU's folder), or `json:{...}`
 * (qemu.md 1). A path that begins with a scheme such as `nbd:` is no file.
 */
export function fileOf(name: string, cwd: string | null): NodeFile {
  if (!name.startsWith('json:')) return ofPath(name, cwd)
  try {
    return ofOptions(JSON.parse(name.slice(5)), cwd)
  } catch {
    // QEMU cuts very long names; then the file cannot be told.
    return { kind: 'other' }
  }
}
