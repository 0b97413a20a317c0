// What concerns the whole window, under every page's toolbar: a guest that may be frozen, a lost connection, refusals.
import type { ReactElement } from 'react'
import { Banner } from '../design/banner.tsx'
import { useConnected } from '../state/window-state.tsx'
import { FrozenBanners } from './frozen-alarms.tsx'
import { ProblemBanners } from './problem-banners.tsx'
import styles from './window-banners.module.css'

export function WindowBanners(): ReactElement {
  const connected = useConnected()
  return (
    <div className={styles.banners}>
      <FrozenBanners />
      {connected ? null : (
        <Banner code="connection-lost" tone="warning" title="Floe isn’t connected">
          What you see is from a moment ago. The window connects again by itself as soon as Floe is running; backups
          that are being copied go on meanwhile.
        </Banner>
      )}
      <ProblemBanners />
    </div>
  )
}
