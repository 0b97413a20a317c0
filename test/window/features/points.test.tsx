import { act, screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { buildGrid, filterPoints, typeAhead, visibleRows } from '../../../renderer/src/features/points/points-model.ts'
import { destination, machineId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { openMachine, sceneBridge, threePoints } from './support.ts'

const rowOf = (id: string) => screen.getByTestId(`point-${pointId(id)}`)

describe('the restore points grid', () => {
  it('is one tab stop and moves with the arrow keys, Home and End', async () => {
    const { user, state } = openMachine(sceneBridge())
    const rows = await screen.findAllByTestId(/^point-/)
    expect(rows.filter((row) => row.tabIndex === 0)).toHaveLength(1)
    await user.click(rowOf('p1'))
    await user.keyboard('{ArrowDown}')
    expect(document.activeElement).toBe(rowOf('p2'))
    expect(state.ui.store.getState().selectedPoints).toEqual([pointId('p2')])
    await user.keyboard('{End}')
    expect(document.activeElement).toBe(rowOf('p3'))
    await user.keyboard('{Home}')
    expect(rowOf('p1').getAttribute('aria-selected')).toBe('true')
  })

  it('selects a range with Shift and everything with Ctrl+A', async () => {
    const { user, state } = openMachine(sceneBridge())
    await user.click(await screen.findByTestId(`point-${pointId('p1')}`))
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}')
    expect(state.ui.store.getState().selectedPoints).toEqual([pointId('p1'), pointId('p2')])
    await user.keyboard('{Control>}a{/Control}')
    expect(state.ui.store.getState().selectedPoints).toHaveLength(3)
    expect(screen.getByTestId('inspector').textContent).toContain('3 restore points')
  })

  it('says a whole row in words and its place among the rows', async () => {
    openMachine(sceneBridge())
    const row = await screen.findByTestId(`point-${pointId('p1')}`)
    expect(row.getAttribute('aria-label')).toMatch(/full, adds 38.4 gigabytes, crash-consistent, checked$/)
    expect(row.getAttribute('aria-rowindex')).toBe('2')
    expect(screen.getByTestId('points').getAttribute('aria-rowcount')).toBe('4')
  })

  it('shows what is damaged, unchecked or on a drive that is away', async () => {
    const damage = { level: 'content', ok: false, at: '2026-11-22T09:00:00Z', damage: [], foundIn: null } as const
    openMachine(
      sceneBridge({
        points: [
          point('p1', 'debian-dev', 1, { verification: { ...damage, damage: [], foundIn: null } }),
          point('p2', 'debian-dev', 2, { index: { kind: 'none' } }),
          point('p3', 'debian-dev', 3, { available: false }),
        ],
      }),
    )
    expect((await screen.findByTestId(`point-${pointId('p1')}`)).textContent).toContain('Damaged')
    expect(rowOf('p2').textContent).toContain('Not checked')
    expect(rowOf('p3').textContent).toContain('not connected')
  })

  it('leaves what the search matches', async () => {
    const { state } = openMachine(
      sceneBridge({ points: [...threePoints, point('p4', 'debian-dev', 5, { index: { kind: 'none' } })] }),
    )
    await screen.findByTestId('points')
    act(() => state.ui.setSearch('not checked'))
    expect(screen.getAllByTestId(/^point-/)).toHaveLength(1)
    act(() => state.ui.setSearch('no such day'))
    expect(screen.getByText('No restore point matches “no such day”.')).toBeTruthy()
  })

  it('names the destination only when there are several', async () => {
    const nas = destination('NAS')
    openMachine(
      sceneBridge({
        destinations: [destination('Samsung T7'), nas],
        points: [...threePoints, point('p4', 'debian-dev', 5, { destinationId: nas.id })],
      }),
    )
    expect((await screen.findByTestId(`point-${pointId('p4')}`)).textContent).toContain('NAS')
  })

  it('renders only what is near the viewport when there are 5,000', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => point(`m${index}x`, 'debian-dev', index * 5 + 1))
    openMachine(sceneBridge({ points: many }))
    const rows = await screen.findAllByTestId(/^point-/)
    expect(rows.length).toBeLessThan(200)
    expect(screen.getByTestId('points').getAttribute('aria-rowcount')).toBe('5001')
  })

  it('without any point says what the first backup copies and how long that takes', async () => {
    openMachine(sceneBridge({ points: [] }))
    const empty = await screen.findByTestId('empty-points')
    expect(empty.textContent).toContain('The first backup copies about 46.4\u00a0GB and takes about 5 minutes')
    expect(within(empty).getByRole('button', { name: 'Back Up Now' })).toBeTruthy()
  })
})

describe('the grid as data', () => {
  const style = { now: new Date('2026-11-22T14:00:00Z'), locale: 'en-GB', timeZone: 'UTC' } as const
  const at = (id: string, createdAt: string) => point(id, 'debian-dev', 0, { createdAt })
  const points = [
    at('a', '2026-11-22T09:00:00Z'),
    at('b', '2026-11-21T21:00:00Z'),
    at('c', '2026-11-21T09:00:00Z'),
    at('d', '2026-11-09T09:00:00Z'),
  ]

  it('has one heading for each day', () => {
    const headings = buildGrid(points, style).rows.flatMap((row) => (row.kind === 'day' ? [row.label] : []))
    expect(headings).toEqual(['Today', 'Yesterday', '9 Nov'])
  })

  it('finds a point by what is typed of its day or time, on from the current one', () => {
    expect(typeAhead(points, 'yes', 0, style)).toBe(1)
    expect(typeAhead(points, '9 n', 0, style)).toBe(3)
    expect(typeAhead(points, 'y', 1, style)).toBe(2)
    expect(typeAhead(points, 'cra', 0, style)).toBe(0)
    expect(typeAhead(points, 'zzz', 0, style)).toBe(-1)
  })

  it('keeps the height of what it does not render', () => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      at(`x${index}`, new Date(Date.UTC(2026, 10, 22) - index * 3_600_000).toISOString()),
    )
    const grid = buildGrid(many, style)
    for (const from of [0, 5000, grid.height - 800, grid.height + 500]) {
      const shown = visibleRows(grid, from, 800)
      const height = shown.rows.reduce((sum, row) => sum + (row.kind === 'day' ? 28 : 36), 0)
      expect(shown.before + height + shown.after).toBe(grid.height)
      expect(shown.rows.length).toBeLessThan(80)
    }
  })

  it('matches every word of a search', () => {
    expect(filterPoints(points, 'yesterday 21:00', style).map((one) => one.id)).toEqual([pointId('b')])
    expect(machineId('debian-dev')).toBe(points[0]?.machineId)
  })
})
