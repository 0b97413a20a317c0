import { basename } from 'node:path'

export interface DarwinMount {
  readonly type: string
  readonly mountPoint: string
  readonly readOnly: boolean
  readonly options: readonly string[]
}

/** Lines of `mount`: `/dev/disk4s2 on /Volumes/My Disk (apfs, local, nodev, read-only)`. */
export function parseMounts(text: string): DarwinMount[] {
  return text.split('\n').flatMap((line) => {
    const match = /^.*? on (\/.*) \(([^()]*)\)$/.exec(line)
    if (!match) return []
    const [type = '', ...options] = (match[2] ?? '').split(',').map((option) => option.trim())
    return [{ type, mountPoint: match[1] ?? '', readOnly: options.includes('read-only'), options }]
  })
}

/** Drives under /Volumes that people see, without the system's own and disk images of installers (read-only). */
export function volumesOf(mounts: readonly DarwinMount[]): { path: string; name: string }[] {
  return mounts
    .filter(
      ({ mountPoint, readOnly, options }) =>
        /^\/Volumes\/[^/]+$/.test(mountPoint) && !readOnly && !options.includes('nobrowse'),
    )
    .map(({ mountPoint }) => ({ path: mountPoint, name: basename(mountPoint) }))
}
