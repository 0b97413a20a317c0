// What the desktop shows of jobs outside the window: the bar and the badge in the Dock (on Linux the launcher, where it
// can), and the Mac kept awake while something is copied.
import { app, powerSaveBlocker } from 'electron'
import type { Followed } from './follow-topic.ts'
import { DockProgress, needsTheMacAwake, problemCount } from './job-summary.ts'
import type { MainWindow } from './main-window.ts'

const barStaysMs = 2_000

export function showStatusOutside(
  window: MainWindow,
  jobs: Followed<'jobs'>,
  activity: Followed<'activity'>,
): { release(): void } {
  const progress = new DockProgress()
  let shown: number | null = null
  let clearing: NodeJS.Timeout | null = null
  let blocker: number | null = null

  const bar = (fraction: number | null) => {
    if (window.browserWindow.isDestroyed()) return
    shown = fraction
    window.browserWindow.setProgressBar(fraction ?? -1)
  }
  const release = () => {
    if (blocker !== null) powerSaveBlocker.stop(blocker)
    blocker = null
  }

  jobs.onChange((items) => {
    const fraction = progress.update(items)
    if (fraction !== null) {
      if (clearing !== null) clearTimeout(clearing)
      clearing = null
      bar(fraction)
    } else if (shown !== null) {
      clearing ??= setTimeout(() => {
        clearing = null
        bar(null)
      }, barStaysMs)
    }
    if (!needsTheMacAwake(items)) release()
    else blocker ??= powerSaveBlocker.start('prevent-app-suspension')
  })
  let badge = 0
  activity.onChange((items) => {
    const count = problemCount(items)
    if (count !== badge) app.setBadgeCount(count)
    badge = count
  })
  return { release }
}
