import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { machinesOnSameDisk } from '../../../../electron/core/machines/same-disk.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { tempDir } from '../../../support/temp.ts'

const machine = (name: string, imagePath: string | null) => ({ name, disks: [{ imagePath }] }) as unknown as Machine

it('a folder on the disk of a machine’s image names that machine, also before the folder exists', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('a.qcow2'), '')
  mkdirSync(dir.file('there'))
  const machines = [
    machine('here', dir.file('a.qcow2')),
    machine('gone', dir.file('missing.qcow2')),
    machine('no file', null),
  ]
  expect(await machinesOnSameDisk(machines, dir.file('there'))).toEqual(['here'])
  expect(await machinesOnSameDisk(machines, dir.file('not', 'yet'))).toEqual(['here'])
  expect(await machinesOnSameDisk(machines, '/proc')).toEqual([])
})
