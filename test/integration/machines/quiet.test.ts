import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

test('finding, adding, probing and looking at a machine only asks questions of it', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '16M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  const sent = new Set<string>()
  await using world = await backupWorld({
    connect: async (...options) => {
      const session = await connectQmp(...options)
      const execute = session.execute.bind(session)
      session.execute = (command, ...rest) => {
        sent.add(command)
        return execute(command, ...rest)
      }
      return session
    },
  })
  const { machines, backups } = world.floe
  const machine = await world.machine(qemu)
  await machines.refresh()
  await machines.probe(qemu.qmpPath, null)
  await backups.preview({ machineId: machine.id, destinationId: world.destination.id, diskIds: null })
  await machines.signsOfLife(machine.id, [path])
  expect(sent.size).toBeGreaterThan(3)
  expect([...sent].filter((command) => !command.startsWith('query-'))).toEqual([])
})
