// Below 1040 px the inspector lies over the page, and only while it is wanted.
import { useEffect } from 'react'
import { useUiActions } from '../state/window-state.tsx'

const narrowWindow = '(max-width: 1039px)'

export function useNarrow(): void {
  const ui = useUiActions()
  useEffect(() => {
    const query = window.matchMedia(narrowWindow)
    const follow = (): void => ui.setNarrow(query.matches)
    follow()
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [ui])
}
