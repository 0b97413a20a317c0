import { FloeError } from '../errors.ts'

/**
 * An existing image as QEMU's tools take it: a `json:` file name. Plain names would be parsed for protocols ("nbd:..."),
 * and QEMU's option strings for commas; JSON takes any path. `path` must be absolute. `from-drive` goes past
 * the system's memory of the file (O_DIRECT); file systems that cannot do that refuse.
 */
export function imageArgument(path: string, format: string, reading: 'cached' | 'from-drive' = 'cached'): string {
  const options = imageOptions(path, format)
  if (reading === 'cached') return `json:${JSON.stringify(options)}`
  const cache = { direct: true }
  return `json:${JSON.stringify({ ...options, cache, file: { ...options.file, cache } })}`
}

/** The same as block device options. */
export function imageOptions(path: string, format: string) {
  return { driver: format, file: { driver: 'file', filename: absolute(path) } }
}

/** Files that do not exist yet can only be named plainly; an absolute path is never taken for a protocol. */
export function absolute(path: string): string {
  if (path.startsWith('/')) return path
  throw new FloeError('system/unexpected', `Floe needs the absolute path of the image "${path}".`)
}
