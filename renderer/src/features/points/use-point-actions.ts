// What can be done with the selected restore points: in the row's menu and by the commands of the window's menu.
import type { Point } from '../../../../shared/domain/point.ts'
import { brokenNeed, whyNoRestore } from '../../../../shared/text/point-words.ts'
import type { MenuAction } from '../../design/menu.tsx'
import { useActions, useCommand, useHost, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'

/** Pins all of them, or unpins them when all are pinned. */
function usePin(): (points: readonly Point[]) => void {
  const actions = useActions()
  return (points) => {
    const pinned = !points.every((point) => point.pinned)
    for (const point of points) {
      if (point.pinned !== pinned) void actions.run('points.pin', { pointId: point.id, pinned })
    }
  }
}

export function usePointActions(nameOf: (id: string) => string): (point: Point) => readonly MenuAction[] {
  const ui = useUiActions()
  const actions = useActions()
  const pin = usePin()
  const host = useHost()
  const selected = useUi((state) => state.selectedPoints)
  const { byId } = useTopic('points')
  return (point) => {
    const chosen = selected.includes(point.id) ? selected.flatMap((id) => byId[id] ?? []) : [point]
    const ids = chosen.map((one) => one.id)
    const restore = whyNoRestore(point, nameOf(point.destinationId), brokenNeed(point, byId))
    const absent = chosen.every((one) => one.available) ? null : `Connect ${nameOf(point.destinationId)} first`
    const unpin = chosen.every((one) => one.pinned)
    const show: MenuAction = {
      id: 'show',
      label: host?.platform === 'darwin' ? 'Show in Finder' : 'Show in Folder',
      onAction: () => void actions.run('host.showInFolder', { path: point.path }),
      disabledReason: absent,
    }
    return [
      {
        id: 'restore',
        label: 'Restore…',
        onAction: () => ui.openSheet({ kind: 'restore', pointId: point.id }),
        disabledReason: chosen.length > 1 ? 'Select one restore point' : restore,
      },
      {
        id: 'verify',
        label: 'Verify…',
        onAction: () => ui.openSheet({ kind: 'verify', pointIds: ids }),
        disabledReason: absent,
      },
      { id: 'pin', label: unpin ? 'Unpin' : 'Pin', onAction: () => pin(chosen), disabledReason: absent },
      ...(host?.can.showInFolder ? [show] : []),
      {
        id: 'delete',
        label: 'Delete…',
        destructive: true,
        onAction: () => ui.openSheet({ kind: 'delete-points', pointIds: ids }),
        disabledReason: absent,
      },
    ]
  }
}

/** Menu commands for the selection. */
export function usePointCommands(points: readonly Point[], nameOf: (id: string) => string): void {
  const ui = useUiActions()
  const pin = usePin()
  const selected = useUi((state) => state.selectedPoints)
  const { byId } = useTopic('points')
  const chosen = points.filter((point) => selected.includes(point.id))
  const one = chosen.length === 1 ? chosen[0] : undefined
  const ready = chosen.length > 0 && chosen.every((point) => point.available)
  const ids = chosen.map((point) => point.id)
  useCommand(
    'restore',
    one === undefined || whyNoRestore(one, nameOf(one.destinationId), brokenNeed(one, byId)) !== null
      ? null
      : () => ui.openSheet({ kind: 'restore', pointId: one.id }),
  )
  useCommand('verify', ready ? () => ui.openSheet({ kind: 'verify', pointIds: ids }) : null)
  useCommand('pin-point', ready ? () => pin(chosen) : null)
  useCommand('delete-point', ready ? () => ui.openSheet({ kind: 'delete-points', pointIds: ids }) : null)
}
