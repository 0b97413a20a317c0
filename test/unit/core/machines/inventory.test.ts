import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type BlockAnswers, disksOf } from '../../../../electron/core/machines/inventory/inventory.ts'

/** Answers of a real QEMU 7.2 with one disk of every kind (qemu.md 1). */
const recorded = (name: string): BlockAnswers => {
  const { block, nodes } = JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))
  return { devices: block, nodes, graph: null }
}
const disks = disksOf(recorded('blocks-7.2'), '/vms')
const disk = (id: string) => {
  const found = disks.find((one) => one.id === id || one.aliases.includes(id))
  if (!found) throw new Error(`no ${id} among ${disks.map((one) => one.id)}`)
  return found
}

it('every disk has a name for good: drive id, node name, or its place; never QEMU’s own #block', () => {
  expect(disks.map(({ id }) => id)).toEqual([
    ...['pflash0', 'pflash1', 'virtio0', 'drv1', 'drv3', 'drvsnap', 'detached', 'drvvv', 'ide2-cd0'],
    ...['disk2', 'rodisk', 'thrq', 'nvd', 'noidn', 'emptycd'],
  ])
})

it('every other name of a disk is an alias', () => {
  expect(disk('drv1').aliases).toContain('vblk1')
  expect(disk('disk2').aliases).toEqual(['sd2'])
  expect(disk('thrq').aliases).toEqual(['thrfilter', 'sdthr'])
})

it('what cannot be backed up says why', () => {
  const excluded = Object.fromEntries(disks.flatMap(({ id, exclusion }) => (exclusion ? [[id, exclusion]] : [])))
  expect(excluded).toEqual({
    pflash0: 'read-only',
    drvsnap: 'temporary',
    detached: 'not-attached',
    drvvv: 'temporary',
    'ide2-cd0': 'removable',
    rodisk: 'read-only',
    emptycd: 'empty',
  })
})

it('firmware variables belong to the machine', () => {
  expect(disk('pflash1')).toMatchObject({ firmware: true, exclusion: null, imagePath: '/vms/vars.fd', format: 'raw' })
  expect(disk('pflash0')).toMatchObject({ firmware: true, readOnly: true })
})

it('a disk below a filter is itself', () => {
  expect(disk('thrq')).toMatchObject({ node: 'thrq', format: 'qcow2', imagePath: '/vms/thr.qcow2', exclusion: null })
})

it('how long changes can be tracked is told of each disk that is backed up, below filters too', () => {
  expect(disk('drv3').tracking).toEqual({ kind: 'persistent', now: 'off' })
  expect(disk('drv1').tracking).toEqual({ kind: 'volatile', now: 'off', why: 'raw' })
  expect(disk('thrq').tracking).toEqual({ kind: 'persistent', now: 'off' })
  expect(disk('pflash1').tracking).toEqual({ kind: 'volatile', now: 'off', why: 'raw' })
  const excluded = disks.filter(({ exclusion }) => exclusion !== null)
  for (const { tracking } of excluded) expect(tracking).toEqual({ kind: 'none', why: 'not-backed-up' })
})

it('sizes are those of the whole chain, paths absolute', () => {
  expect(disk('drv3')).toMatchObject({
    virtualSize: 16 << 20,
    allocatedSize: 2 * 200_704,
    imagePath: '/vms/over.qcow2',
    backingChain: ['/vms/base.qcow2'],
  })
  expect(disk('thrq').allocatedSize).toBe(200_704)
})

it('a disk is the same while one of Floe’s own jobs lies above it', () => {
  const during = disksOf(recorded('blocks-7.2-during-backup'), '/vms').find(({ qdev }) => qdev === 'sd2')
  const before = disks.find(({ qdev }) => qdev === 'sd2')
  expect(during).toEqual(before)
})

it('without QEMU’s folder a relative name is no path', () => {
  expect(disksOf(recorded('blocks-7.2'), null).every(({ imagePath }) => imagePath === null)).toBe(true)
})

it('ids are unique even where QEMU’s names repeat', () => {
  const one = {
    device: '',
    qdev: 'a',
    removable: false,
    inserted: { 'node-name': 'same', drv: 'raw', ro: false, file: '/x' },
  }
  const two = { ...one, qdev: 'b' }
  const names = disksOf({ devices: [one, two], nodes: [one.inserted], graph: null }, '/').map(({ id }) => id)
  expect(names).toEqual(['same', 'same-2'])
})
