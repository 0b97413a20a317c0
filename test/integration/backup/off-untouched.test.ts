import { expect, test } from 'vitest'
import type { OpenDestination } from '../../../electron/core/repository/types.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

test.each([
  {
    what: 'was made smaller and larger again',
    change: async (folder: string) => {
      await run('qemu-img', 'resize', '-q', '--shrink', '-f', 'qcow2', `${folder}/top.qcow2`, '16M')
      await run('qemu-img', 'resize', '-q', '-f', 'qcow2', `${folder}/top.qcow2`, '32M')
    },
  },
  {
    what: 'lies over a file that was written to',
    change: async (folder: string) => {
      await run('qemu-io', '-f', 'raw', '-c', 'write -P 99 2M 64k', `${folder}/base.raw`)
    },
  },
])('an image that $what while the destination is opened makes no point', async ({ change }) => {
  using dir = tempDir()
  const top = dir.file('top.qcow2')
  await createImage(dir.file('base.raw'), '32M', 'raw')
  await run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 4M', dir.file('base.raw'))
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', top)
  await using world = await backupWorld()
  const { machines, repository, board } = world.floe
  await using qemu = await startQemu({ disks: [{ id: 'vda', path: top, format: 'qcow2' }] })
  const machine = await world.machine(qemu)
  await qemu.write('vda', '20M', '4M', 5)
  const parent = world.pointOf(await world.run(machine, { check: true }))
  await qemu.write('vda', '24M', '4M', 6)
  await qemu.quit()
  await until(async () => {
    await machines.refresh()
    return machines.get(machine.id).state.kind === 'off'
  }, 'the machine to be off')
  const preview = await world.floe.backups.preview({ machineId: machine.id, destinationId: null, diskIds: null })
  expect(preview).toMatchObject({ way: 'offline', disks: [{ basis: 'bitmap' }] })

  const { open } = repository
  let opened = 0
  Object.assign(repository, {
    open: async (...args: Parameters<typeof open>): Promise<OpenDestination> => {
      opened += 1
      // The first time is the answer to the click; what is planned then is planned anew.
      if (opened === 2) await change(dir.path)
      return open(...args)
    },
  })
  const job = await world.run(machines.get(machine.id))
  expect(opened).toBe(2)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/changed-while-off' } })
  expect(repository.points(machine.id).map(({ id }) => id)).toEqual([parent.id])
  expect(world.partials()).toEqual([])
  expect(world.journals()).toEqual([])
  expect(board.active()).toEqual([])
  // Begun again, it is compared, because the record of the changes is no longer whole.
  const next = await world.run(machines.get(machine.id), { check: true })
  expect(world.pointOf(next)).toMatchObject({ way: 'offline', basis: 'comparison' })
})
