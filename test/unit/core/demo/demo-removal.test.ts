import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { demoFiles, removeDemoFolders } from '../../../../electron/core/demo/demo-files.ts'
import { removePoints } from '../../../../electron/core/demo/remove-points.ts'
import type { Repository } from '../../../../electron/core/repository/types.ts'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { DestinationId, MachineId, PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { tempDir } from '../../../support/temp.ts'

const demoMachine = 'demo' as MachineId

/** Two destinations in the demo's folder: one holds the demo's points only, the other also a point of another machine. */
function repositoryIn(folder: string) {
  const destinations = ['own', 'shared'].map((name) => ({ id: name as DestinationId, path: `${folder}/${name}` }))
  let points = [
    ['own', demoMachine],
    ['shared', demoMachine],
    ['shared', 'server' as MachineId],
  ].map(([destinationId, machineId], index) => ({ id: `p${index}` as PointId, destinationId, machineId }))
  const removed: string[] = []
  const repository: Pick<Repository, 'points' | 'deletePoint' | 'destinations' | 'removeDestination'> = {
    points: (machineId) =>
      points.filter((point) => machineId === null || point.machineId === machineId) as unknown as Point[],
    destinations: () => destinations as unknown as Destination[],
    deletePoint: async (id) => {
      points = points.filter((point) => point.id !== id)
      return { freedBytes: 0 }
    },
    removeDestination: async (id) => void removed.push(id),
  }
  return { repository, removed }
}

it('removing the demo keeps backups of other machines and files of other programs in its folder', async () => {
  using dir = tempDir()
  const files = demoFiles(dir.file('demo'))
  for (const name of ['own', 'shared']) {
    mkdirSync(dir.file('demo', name), { recursive: true })
    writeFileSync(dir.file('demo', name, 'data'), name)
  }
  for (const name of ['demo.qcow2', 'demo.undo-1123-0057.qcow2', 'demo.qcow2.restoring-abc', 'qemu.log', 'my.qcow2']) {
    writeFileSync(dir.file('demo', name), name)
  }
  const { repository, removed } = repositoryIn(files.folder)
  const forgotten = await removePoints(demoMachine, files, repository)
  expect(removed).toEqual(['own'])
  expect(await removeDemoFolders(files, forgotten)).toEqual([dir.file('demo', 'my.qcow2'), dir.file('demo', 'shared')])
  expect(readdirSync(files.folder).sort()).toEqual(['my.qcow2', 'shared'])
  expect(readFileSync(dir.file('demo', 'shared', 'data'), 'utf8')).toBe('shared')
})

it('removing a demo with nothing else in its folder leaves nothing', async () => {
  using dir = tempDir()
  const files = demoFiles(dir.file('demo'))
  mkdirSync(files.folder)
  for (const name of ['demo.qcow2', 'qemu.pid', 'qmp', 'serial']) writeFileSync(dir.file('demo', name), '')
  expect(await removeDemoFolders(files, [])).toEqual([])
  expect(existsSync(files.folder)).toBe(false)
})
