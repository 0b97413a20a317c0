import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { RestoreId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Preflight, PreflightCheck, Restore } from '../../../shared/domain/restore.ts'
import { diskId, job, jobId, machine, machineId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, type Scene, sceneBridge } from './support.ts'

const off: PreflightCheck = {
  check: 'machine-off',
  result: 'ok',
  title: 'debian-dev is off',
  detail: 'No process has these images open.',
  remedy: null,
}
const running: PreflightCheck = {
  check: 'machine-off',
  result: 'blocked',
  title: 'debian-dev is running',
  detail: 'Shut it down in the guest, then this continues.',
  remedy: 'shut-down-guest',
}

function preflight(check: PreflightCheck): Preflight {
  return {
    ok: check.result !== 'blocked',
    checks: [check],
    disks: [
      {
        diskId: diskId('debian-root'),
        imagePath: '/home/ann/vms/debian-root.qcow2',
        undoPath: '/home/ann/vms/debian-root.undo-1122-1420.qcow2',
        imageSize: 41_200_000_000,
        changedAt: null,
      },
    ],
    neededBytes: 1,
  }
}

const started = (id: string) => ({ ok: true, value: { jobId: jobId(id) } }) as const

async function openRestore(check: PreflightCheck, scene: Scene = {}) {
  const bridge = sceneBridge(scene)
  let current = check
  bridge.answer('restore.preflight', () => ({ ok: true, value: preflight(current) }))
  bridge.answer('restore.swap', () => started('r1'))
  bridge.answer('restore.toNewImage', () => started('r1'))
  bridge.answer('machines.shutDownGuest', () => ({ ok: true, value: {} }))
  const rendered = openMachine(bridge)
  await screen.findByTestId('points')
  await rendered.user.tab()
  act(() => rendered.state.ui.openSheet({ kind: 'restore', pointId: pointId('p1') }))
  await screen.findByTestId('preflight-machine-off')
  return { ...rendered, bridge, become: (next: PreflightCheck) => (current = next) }
}

describe('the restore sheet', () => {
  it('names what is replaced, and swaps by keyboard when every check passes', async () => {
    const { user, bridge } = await openRestore(off)
    const sheet = screen.getByTestId('sheet-restore')
    expect(sheet.textContent).toContain('debian-root.undo-1122-1420.qcow2')
    screen.getByRole('button', { name: 'Cancel' }).focus()
    await user.keyboard('{Tab}{Enter}')
    await waitFor(() => expect(inputsOf(bridge, 'restore.swap')).toEqual([{ pointId: pointId('p1') }]))
  })

  it('cannot swap while the machine runs, and checks once more at the click', async () => {
    const { user, bridge, become } = await openRestore(off)
    become(running)
    await user.click(screen.getByTestId('restore-now'))
    await screen.findByText('debian-dev is running')
    expect(inputsOf(bridge, 'restore.swap')).toEqual([])
    expect(screen.getByTestId('restore-now').getAttribute('aria-disabled')).toBe('true')
  })

  it('asks before it shuts the guest down, then goes on when the machine is off', async () => {
    const { user, bridge, become } = await openRestore(running)
    await user.click(screen.getByRole('button', { name: 'Shut Down Guest…' }))
    const question = within(await screen.findByTestId('sheet-shut-down-guest'))
    expect(inputsOf(bridge, 'machines.shutDownGuest')).toEqual([])
    await user.click(question.getByRole('button', { name: 'Shut Down Guest' }))
    await screen.findByText(/was asked to shut down/)
    expect(inputsOf(bridge, 'machines.shutDownGuest')).toEqual([{ machineId: machineId('debian-dev') }])
    become(off)
    act(() => bridge.push('machines', [machine('debian-dev', { state: { kind: 'off', since: null } })]))
    await screen.findByText('debian-dev is off')
    expect(screen.getByTestId('restore-now').getAttribute('aria-disabled')).toBeNull()
  })

  it('restores to a new image in a folder that is typed', async () => {
    const { user, bridge } = await openRestore(off)
    await user.click(screen.getByRole('radio', { name: 'New Image…' }))
    await user.type(await screen.findByTestId('restore-directory'), '/tmp/a b')
    await user.click(screen.getByRole('radio', { name: /^raw/ }))
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByTestId('sheet-restore').textContent).toContain(
      `floe restore ${pointId('p1')} --to '/tmp/a b' --format raw`,
    )
    await user.click(screen.getByTestId('restore-now'))
    expect(inputsOf(bridge, 'restore.toNewImage')).toEqual([
      { pointId: pointId('p1'), directory: '/tmp/a b', format: 'raw' },
    ])
  })

  it('shows progress, then the result with its undo', async () => {
    const { user, bridge, state } = await openRestore(off)
    await user.click(screen.getByTestId('restore-now'))
    await waitFor(() => expect(inputsOf(bridge, 'restore.swap')).toHaveLength(1))
    const swap: Partial<Job> = { kind: 'swap', pointId: pointId('p1'), phases: [], disks: [] }
    act(() => bridge.push('jobs', [job('r1', 'debian-dev', swap)]))
    expect(await within(await screen.findByTestId('sheet-restore')).findByRole('progressbar')).toBeTruthy()
    const restoreId = 'restore00001' as RestoreId
    const result = {
      pointId: pointId('p1'),
      restoreId,
      images: [{ disk: diskId('debian-root'), path: '/home/ann/vms/debian-root.qcow2' }],
      ok: true,
      bytes: 1,
    }
    act(() =>
      bridge.push('jobs', [
        job('r1', 'debian-dev', { ...swap, state: { kind: 'done' }, finishedAt: new Date().toISOString(), result }),
      ]),
    )
    await screen.findByText(/^debian-dev is restored to/)
    await user.click(screen.getByRole('button', { name: 'Undo Restore…' }))
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'undo-restore', restoreId })
  })

  it('says why when the host refuses', async () => {
    const { user, bridge } = await openRestore(off)
    bridge.answer('restore.swap', () => ({
      ok: false,
      problem: {
        code: 'restore/machine-running',
        message: 'It runs.',
        params: { machine: 'debian-dev', pid: 77 },
        severity: 'error',
        remedy: null,
        causes: [],
      },
    }))
    await user.click(screen.getByTestId('restore-now'))
    expect(await screen.findByText('Turn off debian-dev first')).toBeTruthy()
    expect(screen.getByText('Its images are in use by pid 77. Swapping them now would destroy data.')).toBeTruthy()
  })
})

describe('the undo sheet', () => {
  it('brings the old images back after its own checks', async () => {
    const restore: Restore = {
      id: 'restore00001' as RestoreId,
      machineId: machineId('debian-dev'),
      machineName: 'debian-dev',
      pointId: pointId('p1'),
      undoes: null,
      createdAt: new Date().toISOString(),
      state: { kind: 'done' },
      disks: [],
      undoable: true,
    }
    const bridge = sceneBridge({ restores: [restore] })
    bridge.answer('restores.undoPreflight', () => ({ ok: true, value: preflight(off) }))
    bridge.answer('restores.undo', () => started('u1'))
    const { user } = openMachine(bridge)
    await user.click(await screen.findByRole('button', { name: /^Undo the restore of/ }))
    await screen.findByTestId('preflight-machine-off')
    await user.click(screen.getByTestId('undo-now'))
    await waitFor(() => expect(inputsOf(bridge, 'restores.undo')).toEqual([{ restoreId: restore.id }]))
  })
})

describe('the verify sheet', () => {
  it('reads the content, or only the structure when there are no checksums', async () => {
    const bridge = sceneBridge({
      points: [point('p1', 'debian-dev', 1), point('p2', 'debian-dev', 2, { index: { kind: 'none' } })],
    })
    bridge.answer('points.verify', () => started('v1'))
    const { user, state } = openMachine(bridge)
    await screen.findByTestId('points')
    act(() => state.ui.openSheet({ kind: 'verify', pointIds: [pointId('p1')] }))
    await user.click(await screen.findByTestId('verify-now'))
    await waitFor(() => expect(state.ui.store.getState().sheet).toBeNull())
    act(() => state.ui.openSheet({ kind: 'verify', pointIds: [pointId('p2')] }))
    await user.click(await screen.findByTestId('verify-now'))
    await waitFor(() =>
      expect(inputsOf(bridge, 'points.verify')).toEqual([
        { pointId: pointId('p1'), level: 'content' },
        { pointId: pointId('p2'), level: 'structure' },
      ]),
    )
  })
})
