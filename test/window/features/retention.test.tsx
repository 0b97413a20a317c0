import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { RetentionPreview } from '../../../shared/domain/retention.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { fullProblem, jobId, machineId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { destination } from '../support/sample.ts'
import { inputsOf, openMachine, type Scene, sceneBridge } from './support.ts'

const id = machineId('debian-dev')
const t7 = destination('Samsung T7')
const points = [point('p1', 'debian-dev', 1), point('p2', 'debian-dev', 30), point('p3', 'debian-dev', 90)]
const usual = { last: 6, daily: 7, weekly: 4, monthly: 6, yearly: 0 }

const answer: RetentionPreview = {
  keep: [
    { pointId: pointId('p1'), rules: ['last', 'last-good'] },
    { pointId: pointId('p2'), rules: ['daily'] },
  ],
  remove: [{ pointId: pointId('p3'), reason: 'Newer points of its month are kept.', dependents: [] }],
  freedBytes: 12.4e9,
  movedBytes: 0,
}
const off = (element: HTMLElement) => element.getAttribute('aria-disabled') === 'true'

async function openRetention(given: RetentionPreview | Problem = answer, scene: Scene = {}) {
  const bridge = sceneBridge({ points, ...scene })
  let current = given
  bridge.answer('points.prunePreview', () =>
    'code' in current ? { ok: false, problem: current } : { ok: true, value: current },
  )
  bridge.answer('points.prune', () => ({ ok: true, value: { jobId: jobId('d1') } }))
  const rendered = openMachine(bridge)
  await rendered.user.click(await screen.findByTestId('retention'))
  const sheet = await screen.findByTestId('sheet-retention')
  await waitFor(() => expect(sheet.textContent).not.toContain('Counting'))
  return { ...rendered, bridge, sheet, become: (next: RetentionPreview | Problem) => (current = next) }
}

describe('the retention sheet', () => {
  it('shows what stays and goes right now, before anything is saved', async () => {
    const { bridge, sheet } = await openRetention()
    expect(inputsOf(bridge, 'points.prunePreview')).toEqual([{ machineId: id, destinationId: t7.id, policy: usual }])
    expect(screen.getByTestId('prune-summary').textContent).toBe('2 kept · 1 goes now · frees 12.4\u00a0GB')
    expect(screen.getByTestId(`dot-${pointId('p3')}`).getAttribute('data-fate')).toBe('goes')
    expect(within(sheet).getByRole('button', { name: 'Remove 1 Point…' })).toBeTruthy()
  })

  it('tells the rule behind each dot on hover and by keyboard', async () => {
    const { user } = await openRetention()
    const rule = screen.getByTestId('prune-rule')
    await user.hover(screen.getByTestId(`dot-${pointId('p3')}`))
    expect(rule.textContent).toContain('Goes: Newer points of its month are kept.')
    act(() => screen.getByTestId(`dot-${pointId('p1')}`).focus())
    expect(rule.textContent).toContain('Kept: one of the last, the last good one')
    await user.keyboard('{ArrowRight}')
    expect(document.activeElement?.getAttribute('aria-label')).toContain('Kept: newest of its day')
  })

  it('asks anew with every number, and counts what goes from the answer alone', async () => {
    const { user, bridge, become } = await openRetention()
    become({
      ...answer,
      keep: [...answer.keep, { pointId: pointId('p3'), rules: ['yearly'] }],
      remove: [],
      freedBytes: 0,
    })
    const yearly = screen.getByTestId('keep-yearly')
    await user.clear(yearly)
    await user.type(yearly, '2')
    expect(inputsOf(bridge, 'points.prunePreview').at(-1)).toMatchObject({ policy: { ...usual, yearly: 2 } })
    await waitFor(() => expect(screen.getByTestId('prune-summary').textContent).toBe('3 kept · none goes now'))
    expect(off(screen.getByTestId('prune'))).toBe(true)
  })

  it('saves the numbers of this machine and leaves the others', async () => {
    const other = { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
    const { user, bridge } = await openRetention(answer, { settings: { retentionByMachine: { other } } })
    await user.click(screen.getByTestId('save-retention'))
    expect(inputsOf(bridge, 'settings.set')).toEqual([{ retentionByMachine: { other, [id]: usual } }])
  })

  it('starts with what was saved', async () => {
    const policy = { last: 3, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
    const { bridge } = await openRetention(answer, { settings: { retentionByMachine: { [id]: policy } } })
    expect(inputsOf(bridge, 'points.prunePreview')).toMatchObject([{ policy }])
    expect(off(screen.getByTestId('save-retention'))).toBe(true)
  })

  it('removes after a question, and only what the preview showed', async () => {
    const { user, bridge } = await openRetention()
    await user.click(screen.getByTestId('prune'))
    const question = within(await screen.findByTestId('sheet-prune'))
    expect(question.getByText(/2 stay on Samsung T7/)).toBeTruthy()
    expect(inputsOf(bridge, 'points.prune')).toEqual([])
    await user.click(question.getByRole('button', { name: /^Delete Point, Free 12.4/ }))
    expect(inputsOf(bridge, 'points.prune')).toEqual([
      { machineId: id, destinationId: t7.id, policy: usual, expected: [pointId('p3')] },
    ])
    await waitFor(() => expect(screen.queryByTestId('sheet-retention')).toBeNull())
  })

  it('lists what goes and why before the last question, and nothing to move where nothing lies over it', async () => {
    const { user } = await openRetention()
    await user.click(screen.getByTestId('prune'))
    const going = within(await screen.findByTestId('prune-going')).getAllByRole('listitem')
    expect(going).toHaveLength(1)
    expect(going[0]?.textContent).toContain('Newer points of its month are kept.')
    expect(screen.queryByTestId('prune-moves')).toBeNull()
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Cancel')
  })

  it('says what lies over those that go, and what has to be written first', async () => {
    const [first] = answer.remove
    const remove = first === undefined ? [] : [{ ...first, dependents: [pointId('p2'), pointId('p1')] }]
    const { user, bridge } = await openRetention({ ...answer, remove, movedBytes: 30e9 })
    expect(screen.getByTestId('prune-summary').textContent).toContain('· writes 30.0\u00a0GB first')
    await user.click(screen.getByTestId('prune'))
    const [needed, moved] = within(await screen.findByTestId('prune-moves')).getAllByRole('listitem')
    expect(needed?.textContent).toMatch(/is needed by 2 newer points\. Its data moves into .* first\./)
    expect(moved?.textContent).toBe('For that 30.0\u00a0GB are written first, which takes about 5 minutes.')
    await user.keyboard('{Escape}')
    expect(inputsOf(bridge, 'points.prune')).toEqual([])
  })

  it('removes nothing when the points have changed meanwhile, and shows them anew', async () => {
    const { user, bridge } = await openRetention()
    bridge.answer('points.prune', () => ({ ok: false, problem: { ...fullProblem, code: 'point/plan-changed' } }))
    await user.click(screen.getByTestId('prune'))
    await user.click(await screen.findByRole('button', { name: /^Delete Point, Free/ }))
    expect((await screen.findByTestId('banner-retention')).textContent).toContain('The restore points have changed')
    expect(inputsOf(bridge, 'points.prunePreview')).toHaveLength(2)
  })

  it('refuses numbers that keep nothing', async () => {
    const { user } = await openRetention(answer, {
      settings: { retentionByMachine: { [id]: { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 } } },
    })
    const last = screen.getByTestId('keep-last')
    await user.clear(last)
    await user.type(last, '0{Enter}')
    expect(screen.getByText('These numbers keep nothing. Enter at least one.')).toBeTruthy()
    expect([off(screen.getByTestId('prune')), off(screen.getByTestId('save-retention'))]).toEqual([true, true])
  })

  it('shows its command, and why nothing can be counted', async () => {
    const { user, sheet } = await openRetention({ ...fullProblem, code: 'destination/missing' })
    expect(within(sheet).getByTestId('banner-retention')).toBeTruthy()
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(sheet.textContent).toContain("floe prune debian-dev --to 'Samsung T7' --keep-last 6 --keep-daily 7")
  })

  it('opens from the menu bar too', async () => {
    const bridge = sceneBridge({ points })
    openMachine(bridge)
    await screen.findByTestId('points')
    act(() => bridge.menu('retention'))
    expect(await screen.findByTestId('sheet-retention')).toBeTruthy()
  })
})
