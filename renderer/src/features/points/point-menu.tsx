// What a restore point's row offers on right click, Shift+F10 or the menu key: the same as its More button.
import { type MouseEvent, type ReactElement, type RefObject, useRef, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { ContextMenu, type MenuAction } from '../../design/menu.tsx'

export interface OpenPointMenu {
  /** Null while it is closed. */
  readonly pointId: PointId | null
  readonly row: RefObject<HTMLElement | null>
  readonly openAt: (event: MouseEvent<HTMLElement>, point: Point) => void
  readonly close: () => void
}

/** Opening it on a row outside the selection selects that row. */
export function usePointMenu(
  selected: readonly PointId[],
  onSelect: (points: readonly PointId[]) => void,
): OpenPointMenu {
  const [pointId, setPointId] = useState<PointId | null>(null)
  const row = useRef<HTMLElement | null>(null)
  return {
    pointId,
    row,
    openAt: (event, point) => {
      event.preventDefault()
      row.current = event.currentTarget
      if (!selected.includes(point.id)) onSelect([point.id])
      setPointId(point.id)
    },
    close: () => setPointId(null),
  }
}

export interface PointMenuProps {
  readonly menu: OpenPointMenu
  readonly byId: Readonly<Record<string, Point>>
  readonly actionsFor: (point: Point) => readonly MenuAction[]
}

export function PointMenu({ menu, byId, actionsFor }: PointMenuProps): ReactElement | null {
  const point = menu.pointId === null ? undefined : byId[menu.pointId]
  if (point === undefined) return null
  return (
    <ContextMenu
      label="Restore point"
      actions={actionsFor(point)}
      triggerRef={menu.row}
      open
      onOpenChange={(open) => {
        if (!open) menu.close()
      }}
    />
  )
}
