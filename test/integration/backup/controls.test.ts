import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { isFinal } from '../../../shared/domain/job.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

async function machineWithData(path: string): Promise<TestQemu> {
  await createImage(path, '128M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 48M', path])
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

test('a backup is paused, resumed, limited and let go again, and is right at the end', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await using qemu = await machineWithData(path)
  await using world = await backupWorld()
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  const fractions: number[] = []
  world.floe.topics.jobs.subscribe((message) => {
    for (const job of message.kind === 'delta' ? message.upserts : []) {
      if (job.progress) fractions.push(job.progress.fraction)
    }
  })
  await world.reach(id, 'copying')
  await until(() => (board.get(id).progress?.doneBytes ?? 0) > 0, 'the first bytes')
  await board.pause(id)
  await world.reach(id, 'paused')
  const [job] = await qemu.monitor.command<{ status: string; speed: number }[]>('query-block-jobs')
  expect(job).toMatchObject({ status: 'paused', speed: 4 << 20 })
  await board.resume(id)
  await world.reach(id, 'copying')
  await board.setLimit(id, 8 << 20)
  expect(await qemu.monitor.command('query-block-jobs')).toMatchObject([{ speed: 8 << 20 }])
  expect(board.get(id).limit).toBe(8 << 20)
  await board.setLimit(id, null)
  const point = world.pointOf(await board.whenFinal(id))
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions.slice(0, -1).every((fraction) => fraction < 1)).toBe(true)
  await qemu.quit()
  expect(await difference(path, world.image(point, 'vda'))).toBeNull()
})

test('a cancelled backup leaves nothing in QEMU and nothing on the destination', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  const { board } = world.floe
  for (const paused of [false, true]) {
    const id = await world.start(machine, { limit: 2 << 20 })
    await world.reach(id, 'copying')
    if (paused) {
      await board.pause(id)
      await world.reach(id, 'paused')
    }
    await board.cancel(id)
    expect((await board.whenFinal(id)).state).toEqual({ kind: 'cancelled' })
    expect(world.partials()).toEqual([])
    expect(world.journals()).toEqual([])
    expect(await qemu.monitor.command('query-jobs')).toEqual([])
  }
  const early = await world.start(machine)
  await board.cancel(early)
  expect((await board.whenFinal(early)).state).toEqual({ kind: 'cancelled' })
  await until(() => world.partials().length === 0 && world.journals().length === 0, 'the rest of it to go')
})

test('the point exists before it is read back, and the check can be skipped', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  const { board, repository } = world.floe
  const compute = repository.computeIndex
  let began = () => {}
  const checking = new Promise<void>((resolve) => {
    began = resolve
  })
  // The real check is over in a moment here: hold it until somebody skips it.
  repository.computeIndex = async (id, onProgress, signal) => {
    began()
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return compute(id, onProgress, signal)
  }
  const id = await world.start(await world.machine(qemu), { check: true })
  await checking
  const job = await world.reach(id, 'checking')
  const [point] = repository.points(null)
  expect(point).toMatchObject({ id: job.pointId, index: { kind: 'checking', jobId: id } })
  expect(job.progress?.fraction).toBeLessThan(1)
  expect(job.canCancel).toBe(false)
  // Reading back holds no destination: another job may write there meanwhile.
  let otherRan = false
  const other = {
    ...job,
    id: 'otherjob0000' as typeof id,
    state: { kind: 'queued', position: 1, blockedBy: null } as const,
  }
  board.enqueue(other, [`destination:${world.destination.id}`], {}, async () => {
    otherRan = true
  })
  await board.whenFinal(other.id)
  expect(otherRan).toBe(true)
  expect(board.get(id).state).toEqual({ kind: 'checking' })
  await board.skipCheck(id)
  const final = await board.whenFinal(id)
  expect(isFinal(final.state)).toBe(true)
  expect(world.pointOf(final)).toMatchObject({ index: { kind: 'none' } })
  expect(final.phases.find((phase) => phase.name === 'checking')?.state).toBe('skipped')
})

test('a check that fails is a loud failure, and the point stays without its index', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  world.floe.repository.computeIndex = async () => {
    throw new Error('Input/output error')
  }
  const job = await world.run(await world.machine(qemu), { check: true })
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/check-failed' } })
  expect(job.result).toMatchObject({ ok: false })
  expect(world.floe.repository.points(null)).toMatchObject([{ index: { kind: 'none' } }])
  expect(world.floe.activity.list()[0]).toMatchObject({ level: 'problem', problem: { code: 'backup/check-failed' } })
})
