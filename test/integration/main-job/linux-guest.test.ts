import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { startFloe } from '../../support/floe.ts'
import { createExt4Image, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

it('a Linux guest is backed up while it writes, restored by swap, and boots with every record it had acknowledged', async () => {
  using dir = tempDir()
  const image = await createExt4Image(dir.file('guest.qcow2'), 96)
  mkdirSync(dir.file('backups'))
  await using floe = await startFloe(dir.file('home'))
  const destination = await floe.call('destinations.add', { path: dir.file('backups'), name: null })
  let pointId: PointId
  let machineId: Awaited<ReturnType<typeof addMachine>>['id']
  const addMachine = (qmp: string) => floe.call('machines.add', { qmp, agent: null, name: 'Linux' })
  let acknowledgedBefore = 0
  let acknowledgedAfter = 0
  {
    await using guest = await startLinuxGuest(image, 'run')
    machineId = (await addMachine(guest.qemu.qmpPath)).id
    await until(() => guest.acknowledged() > 100, 'a hundred steps')
    acknowledgedBefore = guest.acknowledged()
    const { jobId } = await floe.call('backup.start', {
      machineId,
      destinationId: destination.id,
      diskIds: null,
      limit: 30_000_000,
      check: true,
    })
    const job = await floe.done(jobId)
    pointId = job.result?.pointId as PointId
    const seen = guest.acknowledged()
    await until(() => guest.acknowledged() > seen + 50, 'the guest writing on after the backup')
    acknowledgedAfter = guest.acknowledged()
    expect(await floe.refusal('restore.swap', { pointId }), 'a swap under a running machine is refused').toBe(
      'restore/machine-running',
    )
  }
  await floe.call('machines.refresh', {})
  const { jobId } = await floe.call('restore.swap', { pointId })
  await floe.done(jobId)

  await using judge = await startLinuxGuest(image, 'verify')
  const verdict = await judge.verdict()
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end, 'nothing acknowledged before the instant is missing').toBeGreaterThanOrEqual(acknowledgedBefore)
  expect(verdict.end, 'what came after the instant is gone').toBeLessThan(acknowledgedAfter)
})
