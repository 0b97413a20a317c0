import { describe, expect, it } from 'vitest'
import type { ChangeTracking } from '../../../../shared/domain/disk.ts'
import type { Machine, MachineState } from '../../../../shared/domain/machine.ts'
import { trackingWords, volatileTracking } from '../../../../shared/text/machine-words/tracking.ts'
import { readiness } from '../../../../shared/text/machine-words.ts'
import { disk, machine } from '../../../window/support/sample.ts'

const on: ChangeTracking = { kind: 'persistent', now: 'on' }
const off: ChangeTracking = { kind: 'persistent', now: 'off' }
const cut: ChangeTracking = { kind: 'persistent', now: 'cut-off' }
const raw: ChangeTracking = { kind: 'volatile', now: 'on', why: 'raw' }
const v2: ChangeTracking = { kind: 'volatile', now: 'on', why: 'qcow2-v2' }
const snapshots: ChangeTracking = { kind: 'none', why: 'internal-snapshots' }
const unknown: ChangeTracking = { kind: 'unknown' }

const withDisks = (all: readonly ChangeTracking[], more: Partial<Machine> = {}) =>
  machine('debian', { disks: all.map((tracking, index) => disk(`vd${'abc'[index]}`, { tracking })), ...more })
const chip = (of: Machine) => readiness(of, { now: new Date() }).find(({ id }) => id === 'tracking')

describe('the row of a disk', () => {
  it.each([
    [on, 'On, kept in the image'],
    [off, 'Starts with the next backup, kept in the image'],
    [cut, 'Cut off: QEMU ended without storing it. Starts again with the next backup'],
    [unknown, 'Not known'],
    [snapshots, 'Off: QEMU can’t go back to internal snapshots while changes are tracked'],
    [
      raw,
      'On, only while this QEMU runs: a raw image can’t keep it. The first backup after each start reads the whole disk.',
    ],
    [
      { ...v2, now: 'off' },
      'Starts with the next backup, only while this QEMU runs: a qcow2 image of version 2 can’t keep it. The first backup after each start reads the whole disk.',
    ],
  ] as const)('%j', (tracking, text) => {
    expect(trackingWords({ tracking }).text).toBe(text)
  })
})

describe('the readiness of a machine', () => {
  it.each([
    ['all on', [on, on], 'ok', 'Change tracking on'],
    ['one raw', [on, raw], 'neutral', 'Change tracking on while QEMU runs'],
    ['none yet', [off, { ...raw, now: 'off' }], 'neutral', 'Change tracking starts with the next backup'],
    ['a new disk', [on, off], 'neutral', 'Change tracking on for 1 of 2 disks'],
    ['QEMU killed', [on, cut], 'warning', 'Change tracking was cut off'],
    ['internal snapshots', [snapshots], 'warning', 'Change tracking off'],
    ['internal snapshots in one', [on, snapshots], 'warning', 'Change tracking off for vdb'],
  ] as const)('%s', (_name, all, tone, text) => {
    expect(chip(withDisks(all))).toMatchObject({ tone, text })
  })

  it('speaks of the first backup where there was none', () => {
    expect(chip(withDisks([off], { lastGoodPoint: null }))?.text).toBe('Change tracking starts with the first backup')
  })

  it('says which disks lose their record with QEMU, and what that costs', () => {
    expect(chip(withDisks([on, raw]))?.hint).toBe(
      'Changes of vdb are tracked only while this QEMU runs, because a raw image can’t keep a record of them. The first backup after each start reads the whole disk.',
    )
    expect(volatileTracking(withDisks([v2, raw]))).toMatch(/^Changes of vda, vdb .* because their images can’t keep/)
    expect(volatileTracking(withDisks([on, off, snapshots]))).toBeNull()
  })

  it('promises nothing while it is not known of every disk, of a machine that is not reached, or without disks', () => {
    expect(chip(withDisks([on, unknown]))).toBeUndefined()
    expect(chip(withDisks([]))).toBeUndefined()
    const away: readonly MachineState[] = [
      { kind: 'off', since: null },
      { kind: 'busy', program: null, pid: null },
      { kind: 'silent' },
    ]
    for (const state of away) expect(chip(withDisks([on], { state }))).toBeUndefined()
  })

  it('looks at the disks that are backed up, and not at the variables of a UEFI', () => {
    const disks = [
      disk('vda', { tracking: on }),
      disk('cd0', { exclusion: 'removable', tracking: { kind: 'none', why: 'not-backed-up' } }),
      disk('pflash1', { firmware: true, tracking: raw }),
    ]
    expect(chip(machine('debian', { disks }))?.text).toBe('Change tracking on')
  })
})
