import type { QmpSession } from '../qmp/types.ts'

/** What a device of the guest uses right now. */
export interface DeviceRoot {
  /** As `query-block` reports it. */
  readonly qdev: string
  /** QOM path for `qom-set`: `qdev` itself, or the device with this id (qemu.md 5.1). */
  readonly path: string
  readonly node: string
  readonly driver: string
}

interface BlockDevice {
  readonly qdev?: string
  readonly inserted?: { readonly 'node-name'?: string; readonly drv: string }
}

export const devicePath = (qdev: string): string => (qdev.startsWith('/') ? qdev : `/machine/peripheral/${qdev}`)

/** The devices with a medium, as `query-block` lists them. */
export async function deviceRoots(session: QmpSession): Promise<readonly DeviceRoot[]> {
  const devices = await session.execute<BlockDevice[]>('query-block')
  return devices.flatMap(({ qdev, inserted }) => {
    const node = inserted?.['node-name']
    if (qdev === undefined || qdev === '' || inserted === undefined || node === undefined || node === '') return []
    return [{ qdev, path: devicePath(qdev), node, driver: inserted.drv }]
  })
}

/** Of these names, the nodes that QEMU has. */
export async function presentNodes(session: QmpSession, names: readonly string[]): Promise<ReadonlySet<string>> {
  const nodes = await session.execute<{ 'node-name'?: string }[]>('query-named-block-nodes', { flat: true })
  const wanted = new Set(names)
  return new Set(nodes.flatMap((node) => (wanted.has(node['node-name'] ?? '') ? [node['node-name'] as string] : [])))
}
