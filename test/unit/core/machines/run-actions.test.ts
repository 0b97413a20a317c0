import { expect, it } from 'vitest'
import { readCommandLine } from '../../../../electron/core/machines/command-line/qemu-command-line.ts'

const actionsOf = (...options: string[]) => readCommandLine(['qemu-system-x86_64', ...options], '/').actions

it('QEMU ends with its guest unless it is told otherwise', () => {
  expect(actionsOf('-m', '64')).toEqual({ shutdown: 'poweroff', panicEnds: true, certain: true })
})

it.each([
  [['-no-shutdown']],
  [['-action', 'shutdown=pause']],
  [['-action', 'reboot=reset,shutdown=pause']],
  [['-action', 'shutdown=poweroff', '-no-shutdown']],
])('%j keeps it', (options) => {
  expect(actionsOf(...options).shutdown).toBe('pause')
})

it('the last word counts', () => {
  expect(actionsOf('-no-shutdown', '-action', 'shutdown=poweroff').shutdown).toBe('poweroff')
})

it('a panicked guest may keep QEMU, too', () => {
  expect(actionsOf('-action', 'panic=pause').panicEnds).toBe(false)
  expect(actionsOf('-action', 'panic=none').panicEnds).toBe(false)
  expect(actionsOf('-action', 'panic=exit-failure').panicEnds).toBe(true)
})

it('nothing is certain when a file of options is read', () => {
  expect(actionsOf('-readconfig', '/vms/options.cfg').certain).toBe(false)
})

it('the agent has the names that its port and its character device were given', () => {
  const { agentIds } = readCommandLine(
    [
      'qemu-system-x86_64',
      ...['-chardev', 'socket,path=/vms/ga.sock,server=on,wait=off,id=ga'],
      ...['-device', 'virtserialport,chardev=ga,id=port9,name=org.qemu.guest_agent.0'],
    ],
    '/',
  )
  expect(agentIds).toEqual({ chardev: 'ga', port: 'port9' })
})
