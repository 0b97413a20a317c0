import { expect, it } from 'vitest'
import { disk } from '../../../window/support/sample.ts'
import { cli, FakeFloe, machine } from './fake-floe.ts'

it('`machines` says whose changes are tracked only while QEMU runs, and its JSON tells it of each disk', async () => {
  const floe = new FakeFloe()
  const raw = disk('data', { format: 'raw', tracking: { kind: 'volatile', now: 'on', why: 'raw' } })
  floe.machines = [
    { ...machine('debianaaaaaa', 'debian'), disks: [disk('root'), raw] },
    { ...machine('fedoraaaaaaa', 'fedora'), disks: [disk('root')] },
  ]
  const { stdout } = await cli(floe, ['machines'])
  expect(stdout).toContain('debian: Changes of data are tracked only while this QEMU runs, because a raw image')
  expect(stdout).not.toContain('fedora: ')
  const [debian] = JSON.parse((await cli(floe, ['machines', '--json'])).stdout)
  expect(debian.disks).toMatchObject([{ tracking: { kind: 'persistent', now: 'on' } }, { tracking: raw.tracking }])
})
