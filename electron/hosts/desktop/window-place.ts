import { readFileSync, writeFileSync } from 'node:fs'

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where the window was; `maximized` beside the size it returns to. */
export interface WindowPlace {
  readonly bounds: Rectangle
  readonly maximized: boolean
}

export const smallestSize = { width: 900, height: 600 } as const
export const firstSize = { width: 1280, height: 820 } as const

/** Null when there is none yet, or none that can be read: then the window opens like the first time. */
export function readPlace(file: string): WindowPlace | null {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowPlace>
    const numbers = bounds ? [bounds.x, bounds.y, bounds.width, bounds.height] : []
    if (!bounds || !numbers.every((number) => Number.isInteger(number))) return null
    return { bounds, maximized: maximized === true }
  } catch {
    return null
  }
}

/** Answers the reason when it cannot be written; that is worth a line in the log and no more. */
export function writePlace(file: string, place: WindowPlace): string | null {
  try {
    writeFileSync(file, JSON.stringify(place), { mode: 0o600 })
    return null
  } catch (error) {
    return String(error)
  }
}

/**
 * The remembered place, if enough of its title bar lies on a screen that is still connected to take hold of it; never
 * larger than the screen. `areas`: the screens' usable areas.
 */
export function usablePlace(place: WindowPlace | null, areas: readonly Rectangle[]): WindowPlace | null {
  if (place === null) return null
  const { x, y } = place.bounds
  const width = Math.max(smallestSize.width, place.bounds.width)
  const height = Math.max(smallestSize.height, place.bounds.height)
  const area = areas.find((one) => {
    const visible = Math.min(x + width, one.x + one.width) - Math.max(x, one.x)
    return visible >= 100 && y >= one.y && y <= one.y + one.height - 40
  })
  if (area === undefined) return null
  return {
    bounds: { x, y, width: Math.min(width, area.width), height: Math.min(height, area.height) },
    maximized: place.maximized,
  }
}
