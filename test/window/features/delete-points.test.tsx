import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { DeletePreview } from '../../../shared/domain/retention.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { fullProblem, jobId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const at = (id: string, day: string) => point(id, 'debian-dev', 1, { createdAt: `2025-03-${day}T12:00:00Z` })
const points = [at('p1', '05'), at('p2', '04'), at('p3', '03')]
const entry = (id: string, more: Partial<DeletePreview['points'][number]> = {}) => ({
  pointId: pointId(id),
  guards: [],
  dependents: [],
  ...more,
})
const preview = (...entries: DeletePreview['points']): DeletePreview => ({
  points: entries,
  freedBytes: 6.1e9,
  movedBytes: 0,
})

async function openDelete(ids: readonly string[], answer: DeletePreview | Problem) {
  const bridge = sceneBridge({ points })
  bridge.answer('points.deletePreview', () =>
    'code' in answer ? { ok: false, problem: answer } : { ok: true, value: answer },
  )
  bridge.answer('points.delete', () => ({ ok: true, value: { jobId: jobId('d1') } }))
  const rendered = openMachine(bridge)
  await screen.findByTestId('points')
  act(() => rendered.state.ui.openSheet({ kind: 'delete-points', pointIds: ids.map(pointId) }))
  const sheet = await screen.findByTestId('sheet-delete-points')
  await waitFor(() => expect(inputsOf(bridge, 'points.deletePreview')).toHaveLength(1))
  return { ...rendered, bridge, sheet, button: screen.getByTestId('delete-now') }
}

describe('the delete sheet', () => {
  it('says what is really freed, and Esc deletes nothing', async () => {
    const { user, bridge, button } = await openDelete(['p2', 'p3'], preview(entry('p2'), entry('p3')))
    await waitFor(() => expect(button.textContent).toBe('Delete 2 Points, Free 6.10\u00a0GB'))
    await user.keyboard('{Escape}')
    expect(screen.queryByTestId('sheet-delete-points')).toBeNull()
    expect(inputsOf(bridge, 'points.delete')).toEqual([])
  })

  it('deletes what it lists', async () => {
    const { user, bridge, button } = await openDelete(['p2', 'p3'], preview(entry('p2'), entry('p3')))
    await waitFor(() => expect(button.textContent).toContain('Free'))
    await user.click(button)
    expect(inputsOf(bridge, 'points.delete')).toEqual([{ pointIds: [pointId('p2'), pointId('p3')], evenProtected: [] }])
  })

  it('says which newer points need one, where its data goes and how long that takes', async () => {
    const needed = entry('p3', { dependents: [pointId('p2'), pointId('p1')] })
    const { sheet } = await openDelete(['p3'], { ...preview(needed), movedBytes: 6e9 })
    await screen.findByTestId('delete-dependents')
    expect(sheet.textContent).toMatch(/is needed by 2 newer points\. Its data moves into .* first\./)
    expect(sheet.textContent).toContain('For that 6.00\u00a0GB are written first, which takes about 1 minute.')
  })

  it('wants a tick of its own for each point worth keeping', async () => {
    const { user, bridge, sheet } = await openDelete(
      ['p1', 'p2'],
      preview(entry('p1', { guards: ['last-good', 'last-verified'] }), entry('p2', { guards: ['pinned'] })),
    )
    await screen.findByTestId(`guard-${pointId('p1')}`)
    expect(sheet.textContent).toContain('It is the last good restore point of this machine here. It is the last one')
    await user.click(screen.getByTestId(`guard-${pointId('p1')}`))
    await user.click(screen.getByTestId('delete-now'))
    expect(inputsOf(bridge, 'points.delete')).toEqual([])
    await user.click(screen.getByTestId(`guard-${pointId('p2')}`))
    await user.click(screen.getByTestId('delete-now'))
    const ids = [pointId('p1'), pointId('p2')]
    expect(inputsOf(bridge, 'points.delete')).toEqual([{ pointIds: ids, evenProtected: ids }])
  })

  it('stays off with the reason while it is not known what depends on them', async () => {
    const { bridge, button, user, sheet } = await openDelete(['p1'], { ...fullProblem, code: 'destination/missing' })
    await within(sheet).findByTestId('banner-delete')
    expect(button.textContent).toBe('Delete Point')
    await user.click(button)
    expect(inputsOf(bridge, 'points.delete')).toEqual([])
  })

  it('shows its command', async () => {
    const { user, sheet } = await openDelete(['p1'], preview(entry('p1', { guards: ['pinned'] })))
    await screen.findByTestId(`guard-${pointId('p1')}`)
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(sheet.textContent).toContain(`floe delete ${pointId('p1')} --even-protected`)
  })
})
