import { readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'

export interface Mount {
  readonly type: string
  readonly mountPoint: string
  readonly readOnly: boolean
  readonly device: string
}

const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Lines of /proc/self/mountinfo (proc(5)); spaces in paths come as \040. */
export function parseMountInfo(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ')
    const fields = left?.split(' ') ?? []
    const [type, device] = right?.split(' ') ?? []
    const [mountPoint, options] = [fields[4], fields[5]]
    if (!mountPoint || !options || !type || !device) continue
    mounts.push({
      type,
      device: unescapeOctal(device),
      mountPoint: unescapeOctal(mountPoint),
      readOnly: options.split(',').includes('ro') || (right?.split(' ')[2]?.split(',').includes('ro') ?? false),
    })
  }
  return mounts
}

/** The mount that a path lies on: the longest mount point above it, the latest where several cover each other. */
export function mountOf<M extends { readonly mountPoint: string }>(mounts: readonly M[], path: string): M | null {
  let best: M | null = null
  for (const mount of mounts) {
    const prefix = mount.mountPoint === '/' ? '/' : `${mount.mountPoint}/`
    if (path !== mount.mountPoint && !path.startsWith(prefix)) continue
    if (best === null || mount.mountPoint.length >= best.mountPoint.length) best = mount
  }
  return best
}

const readMounts = async () => parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'))

export async function fileSystemOnLinux(
  path: string,
): Promise<{ type: string; mountPoint: string; readOnly: boolean }> {
  const real = await realpath(path)
  const mount = mountOf(await readMounts(), real)
  if (!mount) throw new Error(`No mount covers ${real}.`)
  return { type: mount.type, mountPoint: mount.mountPoint, readOnly: mount.readOnly }
}

/** Drives that desktops mount for people: /media/USER/*, /run/media/USER/*, /mnt/*. */
export function volumesAmong(mounts: readonly Mount[]): { path: string; name: string }[] {
  return mounts
    .filter((mount) => /^(\/media\/|\/run\/media\/|\/mnt\/)/.test(mount.mountPoint) && !mount.readOnly)
    .map((mount) => ({ path: mount.mountPoint, name: basename(mount.mountPoint) }))
}

export const externalVolumesOnLinux = async () => volumesAmong(await readMounts())
