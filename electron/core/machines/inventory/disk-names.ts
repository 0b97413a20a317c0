import type { BelowFilters } from './below-filters.ts'
import type { BlockDevice } from './block-types.ts'

const isUsers = (node: string | undefined): node is string =>
  node !== undefined && node !== '' && !node.startsWith('#') && !node.startsWith('floe-')

/** `/machine/peripheral/ID/...` and a bare id name the device; paths of nameless devices name only a place. */
function deviceId(qdev: string | undefined): string | null {
  if (qdev === undefined || qdev === '') return null
  if (!qdev.startsWith('/')) return qdev
  return /^\/machine\/peripheral\/([^/]+)/.exec(qdev)?.[1] ?? null
}

function placeName(qdev: string | undefined): string | null {
  if (qdev === undefined || !qdev.startsWith('/')) return null
  const name = qdev
    .replace(/^\/machine\//, '')
    .replace(/\/(virtio-backend|child\[\d+\])$/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/-+$/, '')
  return name === '' ? null : name
}

export interface DiskNames {
  readonly id: string
  readonly aliases: readonly string[]
}

/**
 * The disk's name for good, and the other names people may use for it: drive id, else the user's own node name, else
 * the device's id, else its place in the machine. QEMU's `#block123` is made anew at each start and never a name.
 */
export function namesOfDisk(device: BlockDevice, { node, above }: BelowFilters): DiskNames {
  const candidates = [
    device.device,
    isUsers(node?.['node-name']) ? node['node-name'] : null,
    ...above.filter(isUsers),
    deviceId(device.qdev),
    placeName(device.qdev),
  ].filter((name): name is string => name !== null && name !== '')
  const [id = 'disk', ...others] = [...new Set(candidates)]
  const place = placeName(device.qdev)
  return { id: id.slice(0, 190), aliases: others.filter((name) => name !== place || deviceId(device.qdev) === null) }
}

/** Makes ids differ inside one machine: a repeated one gets `-2`, `-3`, ... in QEMU's order of devices. */
export function uniqueNames(all: readonly DiskNames[]): DiskNames[] {
  const used = new Set<string>()
  return all.map(({ id, aliases }) => {
    let unique = id
    for (let count = 2; used.has(unique); count += 1) unique = `${id}-${count}`
    used.add(unique)
    return { id: unique, aliases: aliases.filter((alias) => alias !== unique) }
  })
}
