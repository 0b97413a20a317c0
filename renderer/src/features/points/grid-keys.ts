// Keys of the restore points grid: which row they lead to. Text keys find a point by its day or time.
import { useRef } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import type { DateStyle } from '../../../../shared/format/dates.ts'
import { typeAhead } from './points-model.ts'

const page = 10
const forgetAfter = 1000

/** Index a movement key leads to from `index`; null when the key does not move. */
export function movedTo(key: string, index: number, count: number): number | null {
  const last = count - 1
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1)
    case 'ArrowUp':
      return Math.max(0, index - 1)
    case 'PageDown':
      return Math.min(last, index + page)
    case 'PageUp':
      return Math.max(0, index - page)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return null
  }
}

/** Collects typed characters; the answer is the index they lead to, or null. A space counts only inside a text. */
export function useTypeAhead(points: readonly Point[], style: DateStyle): (key: string, from: number) => number | null {
  const typed = useRef({ text: '', at: 0 })
  return (key, from) => {
    if (key.length !== 1) return null
    const now = Date.now()
    const text = now - typed.current.at > forgetAfter ? key : typed.current.text + key
    if (text.trim() === '' || text.startsWith(' ')) return null
    typed.current = { text, at: now }
    const index = typeAhead(points, text, from, style)
    return index === -1 ? null : index
  }
}
