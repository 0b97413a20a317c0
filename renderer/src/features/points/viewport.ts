// Which part of a long grid is on screen: follows the page that scrolls it.
import { type RefObject, useCallback, useLayoutEffect, useState } from 'react'

export interface LiveViewport extends Viewport {
  /** Looks again at once, so that rows a key press scrolled to are rendered before the focus moves. */
  measure(): void
}

export interface Viewport {
  /** Px from the grid's top edge to the viewport's; negative while the grid starts below it. */
  readonly from: number
  readonly height: number
}

function scrollerOf(element: HTMLElement): HTMLElement {
  for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
    const overflow = getComputedStyle(parent).overflowY
    if (overflow === 'auto' || overflow === 'scroll') return parent
  }
  return document.documentElement
}

/** Measures only while `enabled`; steps of 100 px keep the number of renders low. */
export function useViewport(grid: RefObject<HTMLElement | null>, enabled: boolean): LiveViewport {
  const [viewport, setViewport] = useState<Viewport>({ from: 0, height: 1000 })
  const measure = useCallback(() => {
    const element = grid.current
    if (!enabled || element === null) return
    const scroller = scrollerOf(element)
    const from = Math.round((scroller.getBoundingClientRect().top - element.getBoundingClientRect().top) / 100) * 100
    const height = scroller.clientHeight || 1000
    setViewport((before) => (before.from === from && before.height === height ? before : { from, height }))
  }, [grid, enabled])
  useLayoutEffect(() => {
    const element = grid.current
    if (!enabled || element === null) return
    const scroller = scrollerOf(element)
    measure()
    scroller.addEventListener('scroll', measure, { passive: true })
    window.addEventListener('resize', measure)
    return () => {
      scroller.removeEventListener('scroll', measure)
      window.removeEventListener('resize', measure)
    }
  }, [grid, enabled, measure])
  return { ...viewport, measure }
}

/** Brings a row into view by its place in the grid, also when it is not rendered yet. */
export function scrollRowIntoView(grid: HTMLElement, top: number, height: number): void {
  const scroller = scrollerOf(grid)
  const offset = grid.getBoundingClientRect().top - scroller.getBoundingClientRect().top + top
  if (offset < 0) scroller.scrollTop += offset
  else if (offset + height > scroller.clientHeight && scroller.clientHeight > 0) {
    scroller.scrollTop += offset + height - scroller.clientHeight
  }
}
