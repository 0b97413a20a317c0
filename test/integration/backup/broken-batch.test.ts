import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

test.each(['blockdev-add', 'qom-set', 'cont'])(
  'a connection that breaks with the guest stopped, before %s, leaves it running and its disks its own',
  async (last) => {
    using dir = tempDir()
    const path = await createImage(dir.file('a.qcow2'), '64M')
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
    let breaks = 1
    await using world = await backupWorld({
      connect: async (...options) => {
        const session = await connectQmp(...options)
        const execute = session.execute.bind(session)
        let stopped = false
        session.execute = (command, ...rest) => {
          stopped ||= command === 'stop'
          if (stopped && command === last && breaks > 0) {
            breaks -= 1
            void session.close()
          }
          return execute(command, ...rest)
        }
        return session
      },
    })
    const machine = await world.machine(qemu)
    const job = await world.run(machine)
    expect(job.state.kind).toBe('failed')
    expect(breaks).toBe(0)
    const runs = async () => (await qemu.monitor.command<{ running: boolean }>('query-status')).running
    await until(runs, 'the guest to run', 5_000)
    const devices = await qemu.monitor.command<{ inserted?: { 'node-name': string } }[]>('query-block')
    expect(devices.map(({ inserted }) => inserted?.['node-name'])).toContain('n-vda')
    const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
    expect(nodes.filter((node) => node['node-name'].startsWith('floe-'))).toEqual([])
    const records = world.home.file('guests')
    await until(() => !existsSync(records) || readdirSync(records).length === 0, 'the records to go')
    world.pointOf(await world.run(machine))
    expect(await runs()).toBe(true)
  },
)
