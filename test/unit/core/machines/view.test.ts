import { describe, expect, it } from 'vitest'
import { disksOf } from '../../../../electron/core/machines/inventory/inventory.ts'
import { newEntry } from '../../../../electron/core/machines/new-entry.ts'
import { RegistryEntry } from '../../../../electron/core/machines/registry.ts'
import { viewOf } from '../../../../electron/core/machines/view.ts'
import { MachineId } from '../../../../shared/domain/ids.ts'
import type { MachineState } from '../../../../shared/domain/machine.ts'

const inserted = { 'node-name': 'data', drv: 'raw', ro: false, file: '/vms/data.raw', image: { 'virtual-size': 1 } }
const devices = [{ device: '', qdev: 'vda', removable: false, inserted }]
const disks = disksOf({ devices, nodes: [inserted], graph: null }, '/')
const entry = newEntry(MachineId.parse('abcdefghijkl'), { name: 'vm', origin: 'added', disks })
const view = (state: MachineState, known = true) =>
  viewOf(entry, { process: null, state, known, agent: { kind: 'unknown' }, mayBeFrozenSince: null })
const tracking = (state: MachineState, known = true) => view(state, known).disks.map((disk) => disk.tracking)
const live = { kind: 'volatile', now: 'off', why: 'raw' }

describe('what is known of the tracking of a disk', () => {
  it('is what the QEMU that runs said', () => {
    expect(tracking({ kind: 'running' })).toEqual([live])
    expect(tracking({ kind: 'guest-paused', status: 'paused' })).toEqual([live])
  })

  it.each<MachineState>([
    { kind: 'off', since: null },
    { kind: 'busy', program: 'virsh', pid: 12 },
    { kind: 'silent' },
    { kind: 'no-socket', option: '-qmp x', reason: 'none' },
    { kind: 'unplugged', path: '/Volumes/T7' },
  ])('is nothing while the machine is $kind, whatever is remembered', (state) => {
    expect(tracking(state)).toEqual([{ kind: 'unknown' }])
    expect(view(state).disks[0]).toMatchObject({ format: 'raw', imagePath: '/vms/data.raw' })
  })

  it('is nothing before this process was asked', () => {
    expect(tracking({ kind: 'running' }, false)).toEqual([{ kind: 'unknown' }])
  })

  it('is nothing in what an earlier Floe remembered', () => {
    const [{ tracking: _tracking, ...before } = {}] = disks
    const old = RegistryEntry.parse({ ...entry, disks: [before] })
    expect(old.disks.map((disk) => disk.tracking)).toEqual([{ kind: 'unknown' }])
  })
})
