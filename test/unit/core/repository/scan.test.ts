import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pointFolder } from '../../../../electron/core/repository/names.ts'
import { PointScanner } from '../../../../electron/core/repository/scan.ts'
import { seal } from '../../../../electron/core/repository/sealed-json.ts'
import { DestinationId } from '../../../../shared/domain/ids.ts'
import { newMachineId, newPointId } from '../../../support/repository.ts'
import { type TempDir, tempDir } from '../../../support/temp.ts'

const destinationId = DestinationId.parse('abcdefghijkl')

function writePoint(dir: TempDir, machineId: string, number: number): string {
  const id = newPointId()
  const createdAt = new Date(Date.UTC(2026, 0, 1) + number * 3_600_000).toISOString()
  const folder = dir.file('machines', `debian-${machineId}`, pointFolder(createdAt, id))
  mkdirSync(folder, { recursive: true })
  const disk = {
    id: 'vda',
    file: 'disk-vda.qcow2',
    format: 'qcow2',
    virtualSize: 1 << 30,
    bytesCopied: 1,
    fileSize: 1000,
    contentRoot: null,
    indexFile: null,
    backing: null,
    base: null,
    sourcePath: null,
    sourceFormat: null,
    firmware: false,
  }
  const manifest = {
    format: 'floe-restore-point',
    version: 1,
    id,
    machine: { id: machineId, name: 'debian' },
    createdAt,
    recordedAt: createdAt,
    sequence: number,
    kind: 'full',
    kindReason: '',
    parentId: null,
    consistency: 'crash-consistent',
    consistencyReason: null,
    storage: 'chain',
    way: 'push',
    qemuVersion: null,
    startCommand: null,
    disks: [disk],
    files: [{ name: disk.file, size: disk.fileSize }],
  }
  writeFileSync(`${folder}/manifest.json`, seal(manifest))
  writeFileSync(`${folder}/${disk.file}`, Buffer.alloc(disk.fileSize))
  return folder
}

it('a thousand points are each read once, and only what changed is read again', async () => {
  using dir = tempDir()
  const machines = Array.from({ length: 4 }, () => newMachineId())
  const folders = Array.from({ length: 1000 }, (_, number) => writePoint(dir, machines[number % 4] ?? '', number))
  const scanner = new PointScanner()
  const look = () => scanner.scan({ id: destinationId, path: dir.path })
  const first = await look()
  expect(first).toHaveLength(1000)
  expect(first.every(({ point }) => point.unreadable === null)).toBe(true)
  expect(scanner.manifestsRead).toBe(1000)
  expect(await look()).toHaveLength(1000)
  expect(scanner.manifestsRead).toBe(1000)
  writeFileSync(`${folders[3]}/manifest.json`, 'junk')
  rmSync(folders[4] ?? '', { recursive: true })
  const added = writePoint(dir, machines[0] ?? '', 2000)
  const later = await look()
  expect(scanner.manifestsRead).toBe(1002)
  expect(later).toHaveLength(1000)
  expect(later.filter(({ point }) => point.unreadable !== null).map(({ point }) => point.path)).toEqual([folders[3]])
  expect(later.some(({ point }) => point.path === added)).toBe(true)
})

it('folders that are not of Floe are left alone', async () => {
  using dir = tempDir()
  const machine = newMachineId()
  writePoint(dir, machine, 1)
  for (const name of ['20260101-000000-short', '.partial-abcdefghijkl', 'notes', '20260101-000000-abcdefghijkl copy']) {
    mkdirSync(dir.file('machines', `debian-${machine}`, name))
  }
  mkdirSync(dir.file('machines', 'foreign'))
  writeFileSync(dir.file('machines', 'a-file'), '')
  expect(await new PointScanner().scan({ id: destinationId, path: dir.path })).toHaveLength(1)
})

it('a destination without points has none', async () => {
  using dir = tempDir()
  expect(await new PointScanner().scan({ id: destinationId, path: dir.path })).toEqual([])
})
