import { EventEmitter } from 'node:events'
import { expect, it, vi } from 'vitest'
import { desktopPowerEvents } from '../../../../electron/hosts/desktop/power-events.ts'

vi.mock('electron', () => ({ powerMonitor: null }))

it('sleep and wake of the computer reach whoever asked for them', () => {
  const monitor = new EventEmitter()
  const power = desktopPowerEvents(monitor as unknown as NonNullable<Parameters<typeof desktopPowerEvents>[0]>)
  const heard: string[] = []
  power.onSuspend(() => heard.push('suspend'))
  power.onResume(() => heard.push('resume'))
  monitor.emit('suspend')
  monitor.emit('resume')
  expect(heard).toEqual(['suspend', 'resume'])
})
