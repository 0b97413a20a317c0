import { FloeError } from '../errors.ts'

/**
 * An existing image as QEMU's tools take it: a `json:` file name. Plain names would be parsed for protocols ("nbd:..."),
 * and QEMU's option strings for commas; JSON takes any path. `path` must be absolute.
 */
export function imageArgument(path: string, format: string): string {
  return `json:${JSON.stringify(imageOptions(path, format))}`
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
