import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { OffGuard } from '../../../../electron/core/backup/off-guard.ts'
import type { MachineService } from '../../../../electron/core/machines/types.ts'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import { tempDir } from '../../../support/temp.ts'

type Signs = Awaited<ReturnType<MachineService['signsOfLife']>>
type Look = Parameters<MachineService['signsOfLife']>[2]

const machine = { id: 'alpha' as MachineId, name: 'Alpha' }
const alive: Signs = [{ sign: 'process', pid: 7, text: 'qemu-system-x86_64, process 7, was started with /a.' }]

/** Answers one after the other; the last one stays. */
function machinesThat(...answers: Signs[]) {
  const looks: { paths: readonly string[]; look: Look }[] = []
  const signsOfLife: MachineService['signsOfLife'] = async (_id, paths, look) => {
    looks.push({ paths, look })
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? []
  }
  return { signsOfLife, looks }
}

it('a machine that shows any sign of life is refused, in the words of the sign', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  await expect(OffGuard.begin(machinesThat(alive), machine, [dir.file('a')])).rejects.toMatchObject({
    code: 'backup/started-while-off',
    message: expect.stringContaining('process 7'),
    params: { machine: 'Alpha', before: true },
  })
})

it('images that stayed as they were and that nobody uses make a good copy; every file is asked about, with its locks', async () => {
  using dir = tempDir()
  for (const name of ['a', 'b']) writeFileSync(dir.file(name), name)
  const machines = machinesThat([])
  const guard = await OffGuard.begin(machines, machine, [dir.file('a'), dir.file('b'), dir.file('a')])
  await guard.assertUntouched()
  expect(machines.looks.map(({ paths }) => paths)).toEqual(Array(2).fill([dir.file('a'), dir.file('b')]))
  expect(machines.looks.map(({ look }) => look?.locks)).toEqual([undefined, undefined])
})

it('a copy is worth nothing when an image changed, also when it is noticed only between the two last looks', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  const changed = { code: 'backup/changed-while-off', params: { machine: 'Alpha' } }
  const guard = await OffGuard.begin(machinesThat([]), machine, [dir.file('a')])
  appendFileSync(dir.file('a'), 'b')
  await expect(guard.assertUntouched()).rejects.toMatchObject(changed)

  const late = machinesThat([])
  const other = await OffGuard.begin(
    {
      signsOfLife: async (...args) => {
        if (late.looks.length === 1) rmSync(dir.file('a'))
        return late.signsOfLife(...args)
      },
    },
    machine,
    [dir.file('a')],
  )
  await expect(other.assertUntouched()).rejects.toMatchObject(changed)
})

it('a machine that was started before the copy counted is no good either', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  const guard = await OffGuard.begin(machinesThat([], alive), machine, [dir.file('a')])
  await expect(guard.assertUntouched()).rejects.toMatchObject({ code: 'backup/started-while-off' })
})

it('while the images are read, the first trouble is told once, without asking for the locks that Floe holds', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  const machines = machinesThat([], alive)
  const guard = await OffGuard.begin(machines, machine, [dir.file('a')])
  const told: string[] = []
  await guard.follow(new AbortController().signal, (problem) => told.push(problem.code))
  expect(told).toEqual(['backup/started-while-off'])
  expect(machines.looks.at(-1)?.look).toEqual({ locks: 'ours' })
})

it('looking ends when the copy ends, and then nothing is told any more', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  const guard = await OffGuard.begin(machinesThat([]), machine, [dir.file('a')])
  const end = new AbortController()
  const following = guard.follow(end.signal, () => expect.unreachable())
  end.abort()
  await following
})

it('a look that fails is trouble: what cannot be checked is not taken for fine', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a'), 'a')
  let looks = 0
  const signsOfLife: MachineService['signsOfLife'] = async () => {
    looks += 1
    if (looks > 1) throw new Error('lsof is gone')
    return []
  }
  const guard = await OffGuard.begin({ signsOfLife }, machine, [dir.file('a')])
  const told: string[] = []
  await guard.follow(new AbortController().signal, (problem) => told.push(problem.message))
  expect(told).toHaveLength(1)
  await expect(guard.assertUntouched()).rejects.toThrow('lsof is gone')
})
