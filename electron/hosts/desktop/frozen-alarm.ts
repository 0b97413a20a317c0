// The loudest alarm there is (ux.md X1): a guest that may still be frozen is told even when the window is closed.
import { app, Notification } from 'electron'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Followed } from './follow-topic.ts'
import { FrozenGuests } from './frozen-guests.ts'
import type { MainWindow } from './main-window.ts'

export function soundFrozenAlarm(window: MainWindow, machines: Followed<'machines'>): void {
  const guests = new FrozenGuests()
  machines.onChange((items) => {
    for (const machine of guests.update(items)) {
      window.show()
      app.dock?.bounce('critical')
      if (Notification.isSupported()) notify(window, machine)
    }
  })
}

function notify(window: MainWindow, { name }: Machine): void {
  const notification = new Notification({
    title: `${name} may still be frozen`,
    body: 'The guest has not confirmed the thaw. Programs in it can hang until then. Floe keeps trying.',
    urgency: 'critical',
  })
  notification.on('click', window.show)
  notification.show()
}
