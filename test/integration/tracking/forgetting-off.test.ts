import { expect, it } from 'vitest'
import { type ForgettingMachines, forgetChanges } from '../../../electron/core/tracking/forgetting.ts'
import { bitmapName, endMarkOf } from '../../../electron/core/tracking/naming.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { quietLogger } from '../../support/core.ts'
import { createImage } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { diskId, here, point } from './world.ts'

// The images of a machine that is off, which somebody may start at any moment.
const name = bitmapName({ destinationId: here, pointId: point(1), diskId })
const names = [name, endMarkOf(name)]

async function machineOff(dir: TempDir): Promise<Machine> {
  const imagePath = await createImage(dir.file('a.qcow2'), '64M')
  for (const each of names) await run('qemu-img', 'bitmap', '--add', imagePath, each)
  const disks = [{ id: diskId, imagePath, format: 'qcow2', backingChain: [] }]
  return { id: 'm00000000001', name: 'm', state: { kind: 'off' }, disks } as unknown as Machine
}

async function stored({ disks }: Machine): Promise<readonly string[]> {
  const info = JSON.parse(await run('qemu-img', 'info', '--output=json', disks[0]?.imagePath as string)) as {
    'format-specific': { data: { bitmaps?: { name: string }[] } }
  }
  return (info['format-specific'].data.bitmaps ?? []).map((bitmap) => bitmap.name)
}

/** Answers each question after its life with `answers`, the last one again and again. */
function asked(
  answers: readonly (() => Promise<readonly { text: string }[]>)[],
): ForgettingMachines & { count: number } {
  const machines = {
    count: 0,
    acquire: () => Promise.reject(new Error('It is off.')),
    usersOfImages: async () => [],
    signsOfLife: () => (answers[Math.min(machines.count++, answers.length - 1)] ?? (async () => []))(),
  }
  return machines
}
const off = async () => []
const ports = { logger: quietLogger, env: process.env }

it('nothing is written to an image once its machine shows a sign of life', async () => {
  using dir = tempDir()
  const machine = await machineOff(dir)
  const machines = asked([off, off, async () => [{ text: 'It runs.' }]])
  expect(await forgetChanges(machine, [here], { machines, ports })).toBe(false)
  expect(machines.count).toBe(3)
  expect(await stored(machine)).toHaveLength(1)
  expect(await forgetChanges(machine, [here], { machines: asked([off]), ports })).toBe(true)
  expect(await stored(machine)).toEqual([])
})

it('a removal that was given up begins no further write', async () => {
  using dir = tempDir()
  const machine = await machineOff(dir)
  const late = Promise.withResolvers<readonly { text: string }[]>()
  const machines = asked([off, () => late.promise])
  const forgotten = forgetChanges(machine, [here], { machines, ports, patienceMs: 2_000 })
  await until(() => machines.count === 2, 'the question before the first write')
  expect(await forgotten).toBe(false)
  late.resolve([])
  await late.promise
  expect(await stored(machine)).toEqual(names)
  expect(await stored(machine)).toEqual(names)
})
