// Tells screen readers what changed, politely and at most every 15 seconds; the newest sentence wins.
import { type ReactElement, useEffect, useRef, useState } from 'react'

const interval = 15_000

export interface LiveRegionProps {
  /** The sentence to announce; a new text is a new announcement. */
  readonly text: string
}

export function LiveRegion({ text }: LiveRegionProps): ReactElement {
  const [spoken, setSpoken] = useState('')
  const spokenAt = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    if (text === '') return
    const wait = Math.max(0, spokenAt.current + interval - Date.now())
    const timer = setTimeout(() => {
      spokenAt.current = Date.now()
      setSpoken(text)
    }, wait)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="live">
      {spoken}
    </div>
  )
}
