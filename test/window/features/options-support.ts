// Back Up With Options, opened on a host that answers as told.
import { act, screen, waitFor } from '@testing-library/react'
import { expect } from 'vitest'
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import type { FakeBridge } from '../support/fake-bridge.ts'
import { ago, destination, disk, diskId, jobId, machineId } from '../support/sample.ts'
import { openMachine, sceneBridge } from './support.ts'

export const id = machineId('debian-dev')
export const t7 = destination('Samsung T7')
export const ready = { kind: 'ready', answeredAt: ago(0.04), version: '7.2.22', canFreeze: true } as const
export const none = { kind: 'none', options: '-chardev socket,id=agent0 -device virtio-serial' } as const

export const preview = (change: Partial<BackupPreview> = {}): BackupPreview => ({
  machineId: id,
  destinationId: t7.id,
  kind: 'full',
  kindReason: 'Every backup is a full one.',
  basis: 'all',
  way: 'fleecing',
  wayReason: 'The guest’s old data is set aside.',
  freeze: { wanted: true, reason: null },
  scratch: { folder: '/home/ann/.floe/scratch', expectedBytes: 256e6, limitBytes: 1e9, freeBytes: 40e9 },
  obstacle: null,
  disks: [
    {
      diskId: diskId('vda'),
      included: true,
      basis: 'all',
      basisReason: '',
      bytesToCopy: 38.4e9,
      endBytes: 0,
      reason: null,
    },
    {
      diskId: diskId('vdb'),
      included: true,
      basis: 'all',
      basisReason: '',
      bytesToCopy: 8e9,
      endBytes: 0,
      reason: null,
    },
  ],
  bytesToCopy: 46.4e9,
  endBytes: 0,
  freeBytes: 412e9,
  enoughSpace: true,
  ...change,
})

export const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  code,
  message: 'This is in the way.',
  params,
  severity: 'error',
  remedy: null,
  causes: [],
})

export interface Given {
  readonly machine?: Partial<Machine>
  readonly settings?: Partial<Settings>
  readonly leaveOut?: DiskId
  readonly destinations?: readonly ReturnType<typeof destination>[]
}

/** The sheet on a machine with two disks and a drive; `answer` is what the host says to every preview. */
export async function openOptions(answer: BackupPreview | Problem, given: Given = {}) {
  const cd = disk('cd0', { exclusion: 'read-only' })
  const bridge: FakeBridge = sceneBridge({
    machine: { agent: ready, disks: [disk('vda'), disk('vdb'), cd], ...given.machine },
    settings: { destinationByMachine: {}, ...given.settings },
    ...(given.destinations === undefined ? {} : { destinations: given.destinations }),
  })
  let current = answer
  bridge.answer('backup.preview', () =>
    'code' in current ? { ok: false, problem: current } : { ok: true, value: current },
  )
  bridge.answer('backup.start', () => ({ ok: true, value: { jobId: jobId('j1') } }))
  bridge.answer('settings.set', () => ({ ok: false, problem: problem('system/home-unwritable') }))
  const rendered = openMachine(bridge)
  await screen.findByTestId('points')
  const leaveOut = given.leaveOut === undefined ? {} : { leaveOut: given.leaveOut }
  act(() => rendered.state.ui.openSheet({ kind: 'back-up-options', machineId: id, ...leaveOut }))
  const sheet = await screen.findByTestId('sheet-back-up-options')
  await waitFor(() => expect(sheet.textContent).not.toContain('Looking at the disks'))
  return { ...rendered, bridge, sheet, become: (next: BackupPreview | Problem) => (current = next) }
}

export const off = (element: HTMLElement) => element.getAttribute('aria-disabled') === 'true'
