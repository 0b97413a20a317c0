import { expect, it } from 'vitest'
import type { Job } from '../../../../shared/domain/job.ts'
import { cli, done, type FakeFloe, floeWith, point, Refusal } from './fake-floe.ts'

const plan = {
  kind: 'incremental',
  basis: 'comparison',
  reason: 'QEMU was killed, so changes were not tracked.',
  endBytes: 0,
} as const
const comparing = {
  state: { kind: 'comparing' },
  plan,
  checked: { doneBytes: 2_000_000_000, totalBytes: 8_000_000_000 },
} as Partial<Job>
const proving = {
  state: { kind: 'proving' },
  checked: { doneBytes: 4_000_000_000, totalBytes: 8_000_000_000 },
} as Partial<Job>
const incremental = point('pointaaaaaaa', {
  kind: 'incremental',
  kindReason: 'Only what changed is copied.',
  basis: 'comparison',
  adds: 640_000_000,
  parentId: 'pointbbbbbbb' as never,
})

function floeWithIncremental(steps: readonly Partial<Job>[]): FakeFloe {
  const floe = floeWith(steps)
  floe.points = [incremental, ...floe.points.slice(1)]
  return floe
}

it.each([
  [[], { kind: 'automatic', prove: false, freeze: null, requireFreeze: null, mountpoints: null }],
  [['--full'], { kind: 'full' }],
  [['--prove'], { prove: true }],
  [['--freeze'], { freeze: true, requireFreeze: null }],
  [['--no-require-freeze'], { freeze: null, requireFreeze: false }],
  [['--freeze', '--no-require-freeze'], { freeze: true, requireFreeze: false }],
  [['--freeze', '--require-freeze'], { freeze: true, requireFreeze: true }],
  [['--no-freeze', '--no-require-freeze'], { freeze: false, requireFreeze: false }],
  [['--mountpoint', '/', '--mountpoint', '/home'], { freeze: true, mountpoints: ['/', '/home'] }],
])('backup %j reaches the core', async (options, expected) => {
  const floe = floeWith([done])
  floe.points = [point('pointaaaaaaa', { verification: { level: 'live', ok: true } as never })]
  expect(await cli(floe, ['backup', 'debian', ...options])).toMatchObject({ status: 0 })
  expect(floe.called('backup.start')).toMatchObject([expected])
})

it.each([
  [['--no-freeze', '--freeze'], /contradict/],
  [['--no-require-freeze', '--require-freeze'], /contradict/],
  [['--no-freeze', '--mountpoint', '/'], /contradict/],
  [['--mountpoint', 'home'], /"home" is not a mount point/],
  [['--mountpoint', ''], /is not a mount point/],
])('backup %j is refused before anything starts', async (options, words) => {
  const floe = floeWith([done])
  const result = await cli(floe, ['backup', 'debian', ...options])
  expect(result.status).toBe(2)
  expect(result.stderr).toMatch(words)
  expect(floe.called('backup.start')).toEqual([])
})

it('a backup says its kind and why, what it compares and proves, and last its kind and the bytes added', async () => {
  const { stdout, status } = await cli(floeWithIncremental([comparing, proving, done]), ['backup', 'debian'])
  expect(status).toBe(0)
  expect(stdout).toContain('Incremental by comparison: QEMU was killed, so changes were not tracked.\n')
  expect(stdout).toContain('Comparing with the last restore point')
  expect(stdout).toContain('Proving the copy')
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(
    'Restore point pointaaaaaaa: incremental by comparison, 640 MB added, in /t7/debian/pointaaaaaaa',
  )
})

it('on a terminal comparing and proving have a bar of the bytes that were read', async () => {
  const terminal = { input: true, output: true, columns: 200 }
  const { stdout } = await cli(floeWithIncremental([comparing, proving, done]), ['backup', 'debian'], { terminal })
  expect(stdout).toContain('\rComparing  [######------------------]  25 %  2.00 of 8.00 GB read')
  expect(stdout).toContain('\rProving  [############------------]  50 %  4.00 of 8.00 GB read once more')
})

it('without a terminal a long comparison goes on in tenths', async () => {
  const later = { ...comparing, checked: { doneBytes: 6_000_000_000, totalBytes: 8_000_000_000 } }
  const begun = { ...comparing, checked: { doneBytes: 0, totalBytes: 8_000_000_000 } }
  const steps = [{ ...comparing, checked: null }, begun, later, later, done]
  const { stdout } = await cli(floeWithIncremental(steps), ['backup', 'debian'])
  expect(stdout).not.toContain('0 %')
  expect(stdout.match(/75 %/g)).toHaveLength(1)
  expect(stdout).toContain('75 %  6.00 of 8.00 GB read\n')
})

it('--json tells the plan and the bytes compared with each progress, and the whole point at the end', async () => {
  const result = await cli(floeWithIncremental([comparing, done]), ['backup', 'debian', '--json'])
  expect(result.json()[1]).toMatchObject({ state: 'comparing', plan, checked: comparing.checked })
  expect(result.json().at(-1)).toMatchObject({ point: { kind: 'incremental', basis: 'comparison', adds: 640_000_000 } })
})

it('a proof is told of when it was made, and nothing is called proven that is not', async () => {
  const floe = floeWith([done])
  const unproven = await cli(floe, ['backup', 'debian', '--prove'])
  expect(unproven.status).toBe(7)
  expect(unproven.stderr).toContain('not proven')
  expect(unproven.stdout).not.toContain('Proven')
  floe.points = [point('pointaaaaaaa', { verification: { level: 'live', ok: true } as never })]
  const proven = await cli(floe, ['backup', 'debian', '--prove'])
  expect(proven).toMatchObject({ status: 0 })
  expect(proven.stdout).toContain('Proven:')
})

const preview = {
  machineId: 'debianaaaaaa',
  destinationId: 't7aaaaaaaaaa',
  kind: 'incremental',
  kindReason: 'Only what changed since 11:00 is copied.',
  basis: 'bitmap',
  way: 'fleecing',
  wayReason: 'The guest never waits for the destination.',
  freeze: { wanted: false, reason: 'The machine has no channel to a guest agent.' },
  scratch: null,
  obstacle: null,
  disks: [
    {
      diskId: 'vda',
      included: true,
      basis: 'bitmap',
      basisReason: 'Its changes are tracked.',
      bytesToCopy: 640_000_000,
      endBytes: 65_536,
      reason: null,
    },
    {
      diskId: 'cd0',
      included: false,
      basis: 'all',
      basisReason: '',
      bytesToCopy: 0,
      endBytes: 0,
      reason: 'It is read-only.',
    },
  ],
  bytesToCopy: 640_000_000,
  endBytes: 65_536,
  freeBytes: 412_000_000_000,
  enoughSpace: true,
}

it('--dry-run shows kind, basis, reason and bytes, and starts nothing', async () => {
  const floe = floeWith([done])
  floe.answers['backup.preview'] = () => preview
  const { stdout, status } = await cli(floe, ['backup', 'debian', '--dry-run', '--full', '--disk', 'vda', '--freeze'])
  expect(status).toBe(0)
  expect(stdout).toContain('Backup of debian to T7\nIncremental by bitmap: Only what changed since 11:00 is copied.\n')
  expect(stdout).toContain('vda   640 MB    bitmap  Its changes are tracked.')
  expect(stdout).toContain('cd0   left out          It is read-only.')
  expect(stdout).toContain('Copies 640 MB, 412 GB free.')
  expect(stdout).not.toContain('Nothing has changed')
  expect(stdout).toContain('Not frozen: The machine has no channel to a guest agent.')
  expect(floe.called('backup.preview')).toEqual([
    {
      machineId: 'debianaaaaaa',
      destinationId: null,
      diskIds: ['vda'],
      kind: 'full',
      freeze: true,
      requireFreeze: null,
    },
  ])
  expect(floe.called('backup.start')).toEqual([])
  expect((await cli(floe, ['backup', 'debian', '--dry-run', '--json'])).json()).toEqual([{ event: 'preview', preview }])
})

it('a dry run of an idle machine says that nothing has changed, and what is copied all the same', async () => {
  const floe = floeWith([done])
  floe.answers['backup.preview'] = () => ({ ...preview, bytesToCopy: 65_536 })
  const { stdout } = await cli(floe, ['backup', 'debian', '--dry-run'])
  expect(stdout).toContain('Copies 65.5 KB, 412 GB free.\nNothing has changed. The last piece of each disk')
})

it('a dry run fails as the backup would: with what stands in the way, or without the space', async () => {
  const floe = floeWith([done])
  const { problem } = new Refusal({ code: 'machine/busy', message: 'virsh uses the monitor.' })
  floe.answers['backup.preview'] = () => ({ ...preview, obstacle: problem })
  const busy = await cli(floe, ['backup', 'debian', '--dry-run', '--json'])
  expect(busy.status).toBe(3)
  expect(busy.json()).toMatchObject([{ event: 'preview' }, { event: 'failed', problem: { code: 'machine/busy' } }])
  const waits = await cli(floe, ['backup', 'debian', '--dry-run', '--when-possible'])
  expect(waits).toMatchObject({ status: 0 })
  expect(waits.stdout).toContain('It would wait: virsh uses the monitor.')
  floe.answers['backup.preview'] = () => ({ ...preview, enoughSpace: false })
  expect(await cli(floe, ['backup', 'debian', '--dry-run'])).toMatchObject({ status: 4 })
})
