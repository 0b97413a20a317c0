import { powerMonitor } from 'electron'
import type { PowerEvents } from '../../core/ports/index.ts'

type Monitor = Pick<typeof powerMonitor, 'on'>

/** The computer's sleep and wake as Electron tells them. Only after the app is ready. */
export function desktopPowerEvents(monitor: Monitor = powerMonitor): PowerEvents {
  return {
    onSuspend: (listener) => {
      monitor.on('suspend', listener)
    },
    onResume: (listener) => {
      monitor.on('resume', listener)
    },
  }
}
