import { expect, it } from 'vitest'
import { fakeAgent } from '../../support/fake-agent.ts'
import { startFloe } from '../../support/floe.ts'
import { startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

it('a guest whose agent is ready gets the right time after the computer slept', async () => {
  using dir = tempDir()
  await using agent = await fakeAgent()
  const times: unknown[] = []
  agent.instead.set('guest-set-time', (command) => {
    times.push(command.arguments?.time)
    return { return: {} }
  })
  await using qemu = await startQemu({ run: true })
  let resume = () => {}
  const power = {
    onSuspend: () => {},
    onResume: (listener: () => void) => {
      resume = listener
    },
  }
  await using floe = await startFloe(dir.file('home'), { power })
  const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: agent.path, name: 'sleeper' })
  expect(await floe.call('machines.askAgent', { machineId: machine.id })).toMatchObject({ kind: 'ready' })
  const before = Date.now()
  resume()
  await until(() => times.length > 0, 'the clock to be set')
  const set = Number(times[0]) / 1e6
  expect(set).toBeGreaterThanOrEqual(before)
  expect(set).toBeLessThanOrEqual(Date.now())
})
