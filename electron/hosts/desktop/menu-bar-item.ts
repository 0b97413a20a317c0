import { app, Menu, nativeImage, Tray } from 'electron'
import type { Job } from '../../../shared/domain/job.ts'
import { percentOf } from '../../../shared/text/job-words.ts'
import type { Followed } from './follow-topic.ts'
import { runningJobs } from './job-summary.ts'
import type { MainWindow } from './main-window.ts'

/** One line of the menu per running job. */
export function jobLine(job: Job): string {
  const percent = percentOf(job)
  const standing = job.state.kind === 'paused' ? ': paused' : percent === null ? '' : `: ${percent} %`
  return `${job.machineName}${standing}`
}

/** A ring of 16 points; the template image takes the menu bar's colour. */
function ring(scale: 1 | 2): Buffer {
  const size = 16 * scale
  const pixels = Buffer.alloc(size * size * 4)
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const distance = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2) / scale
      const cover = Math.min(1, Math.max(0, 6.5 - distance)) * Math.min(1, Math.max(0, distance - 4))
      pixels[(y * size + x) * 4 + 3] = Math.round(cover * 255)
    }
  }
  return pixels
}

/** The menu bar item of macOS: what runs, and the way back to the window. */
export function createMenuBarItem(window: MainWindow, jobs: Followed<'jobs'>): void {
  const image = nativeImage.createEmpty()
  for (const scaleFactor of [1, 2] as const) {
    const size = 16 * scaleFactor
    image.addRepresentation({ scaleFactor, width: size, height: size, buffer: ring(scaleFactor) })
  }
  image.setTemplateImage(true)
  const tray = new Tray(image)
  let shown: string | null = null
  jobs.onChange((items) => {
    const lines = runningJobs(items).map(jobLine)
    if (shown === lines.join('\n')) return
    shown = lines.join('\n')
    tray.setToolTip(lines.length === 0 ? 'Floe' : `Floe\n${shown}`)
    tray.setContextMenu(
      Menu.buildFromTemplate([
        ...(lines.length === 0 ? ['Nothing is running'] : lines).map((label) => ({ label, enabled: false })),
        { type: 'separator' },
        { id: 'open', label: 'Open Floe', click: window.show },
        { id: 'quit', label: 'Quit Floe', click: () => app.quit() },
      ]),
    )
  })
}
