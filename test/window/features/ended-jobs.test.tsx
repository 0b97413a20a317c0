import { describe, expect, it } from 'vitest'
import { destination, diskId, machineId, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { ended, freeze, openCard, problem } from './job-card-support.ts'
import { inputsOf } from './support.ts'

describe('a backup that ended', () => {
  it('frozen says for how long, and shows its point', async () => {
    const { card, user, state } = await openCard(
      ended(
        { kind: 'done' },
        { instant: { consistency: 'frozen', freeze, reason: null, cause: null, pausedMs: null } },
      ),
    )
    expect(card.getByText('9.60 GB added, frozen 84 ms')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Show' }))
    expect(state.ui.store.getState().selectedPoints).toEqual([pointId('p1')])
  })

  it.each([
    ['no-agent', true],
    ['no-answer', true],
    ['too-slow', false],
  ] as const)('not frozen (%s) says why and offers an agent where that helps', async (cause, helps) => {
    const instant = {
      consistency: 'crash-consistent',
      freeze: null,
      reason: 'The guest did not freeze.',
      cause,
      pausedMs: 6,
    } as const
    const { card, user, state } = await openCard(ended({ kind: 'done' }, { instant }))
    expect(card.getByText('Backed up, not frozen')).toBeTruthy()
    expect(card.getByText(/The guest did not freeze\. The point is like after a power cut/)).toBeTruthy()
    const setUp = card.queryByRole('button', { name: 'Set Up Agent…' })
    expect(setUp !== null).toBe(helps)
    if (setUp === null) return
    await user.click(setUp)
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'set-up-agent', machineId: machineId('debian-dev') })
  })

  it('because it was cancelled offers to start again', async () => {
    const { card, user, bridge } = await openCard(ended({ kind: 'cancelled' }))
    await user.click(card.getByRole('button', { name: 'Back Up Now' }))
    expect(inputsOf(bridge, 'backup.start')).toHaveLength(1)
  })

  it('because another job held the disk starts when that is done, with its own choices', async () => {
    const { card, user, bridge } = await openCard(
      ended(
        { kind: 'failed', problem: problem('backup/job-clash', { disk: 'data' }) },
        { disks: [], limit: 50_000_000, destinationId: destination('Samsung T7').id },
      ),
    )
    await user.click(card.getByRole('button', { name: 'Start When Done' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      expect.objectContaining({ whenPossible: true, limit: 50_000_000, diskIds: null }),
    ])
  })

  it('because another job held the disk leaves that disk out on request', async () => {
    const { card, user, state } = await openCard(
      ended({ kind: 'failed', problem: problem('backup/job-clash', { disk: 'data' }) }),
    )
    await user.click(card.getByRole('button', { name: 'Leave Out' }))
    expect(state.ui.store.getState().sheet).toEqual({
      kind: 'back-up-options',
      machineId: machineId('debian-dev'),
      leaveOut: diskId('data'),
    })
  })

  it('because it had to be frozen can go without', async () => {
    const { card, user, bridge } = await openCard(ended({ kind: 'failed', problem: problem('backup/freeze-required') }))
    expect(card.getByText('Not backed up: debian-dev couldn’t be frozen')).toBeTruthy()
    await user.click(card.getByRole('button', { name: 'Back Up Without Freezing' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      expect.objectContaining({ freeze: false, requireFreeze: false, whenPossible: false }),
    ])
  })

  it('because the machine stopped waits for it', async () => {
    const { card, user, bridge } = await openCard(
      ended({ kind: 'failed', problem: problem('backup/machine-gone', { pid: 4121 }) }),
    )
    await user.click(card.getByRole('button', { name: 'Back Up When It Runs' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([expect.objectContaining({ whenPossible: true })])
  })
})

describe('an export that failed', () => {
  it.each(['export/scratch-full', 'export/freeze-required', 'export/job-clash', 'export/changed-while-off'] as const)(
    'because of %s speaks of no backup and offers none',
    async (code) => {
      const { element, buttons } = await openCard(
        ended(
          { kind: 'failed', problem: { ...problem(code), message: 'A finished sentence.', remedy: null } },
          { kind: 'export', result: null },
        ),
      )
      expect(element.textContent).not.toMatch(/back(ed)? ?up|copy was removed/i)
      expect(buttons().join(' ')).not.toMatch(/Back Up|Try Again/)
    },
  )
})
