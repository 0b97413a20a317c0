// The theme of the settings on the root element; `system` leaves it to the system.
import { useEffect } from 'react'
import { useSettings } from '../state/selectors.ts'

export function useTheme(): void {
  const { theme } = useSettings()
  useEffect(() => {
    const root = document.documentElement
    if (theme === 'system') delete root.dataset.theme
    else root.dataset.theme = theme
  }, [theme])
}
