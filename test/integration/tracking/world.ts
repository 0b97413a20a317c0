import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { readTracking } from '../../../electron/core/tracking/reading.ts'
import type { DiskTracking } from '../../../electron/core/tracking/types.ts'
import { DestinationId, DiskId, PointId } from '../../../shared/domain/ids.ts'
import { realClock } from '../../support/core.ts'
import type { TestQemu } from '../../support/qemu.ts'

export const mebibyte = 1 << 20
export const diskId = DiskId.parse('d0')
export const here = DestinationId.parse('dhere0000001')
export const there = DestinationId.parse('dthere000001')
export const point = (number: number): PointId => PointId.parse(`p${String(number).padStart(11, '0')}`)
export const node = 'n-d0'

export async function sessionOf(qemu: TestQemu): Promise<QmpSession & AsyncDisposable> {
  const session = await connectQmp({ kind: 'unix', path: qemu.qmpPath }, { clock: realClock })
  return Object.assign(session, { [Symbol.asyncDispose]: () => session.close() })
}

export async function trackingOf(
  session: QmpSession,
  disk: { readonly node?: string; readonly backingChain?: readonly string[] } = {},
): Promise<DiskTracking> {
  const found = await readTracking(session, [{ id: diskId, node, ...disk }])
  return found.get(diskId) as DiskTracking
}
