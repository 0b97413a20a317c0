import { act, screen, waitFor, within } from '@testing-library/react'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainsOf } from '../../../renderer/src/features/points/chain-model.ts'
import { buildGrid } from '../../../renderer/src/features/points/points-model.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { formatDay } from '../../../shared/format/dates.ts'
import { destination, diskId, job, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, type Scene, sceneBridge } from './support.ts'

const rowOf = (id: string) => screen.findByTestId(`point-${pointId(id)}`)
const railOf = async (id: string) => (await rowOf(id)).querySelector('[data-rail]')?.getAttribute('data-rail')
const over = (id: string, hours: number, needs: readonly string[], more: Partial<Point> = {}) =>
  point(id, 'debian-dev', hours, { kind: 'incremental', needs: needs.map(pointId), adds: 1.2e9, bytes: 1.3e9, ...more })
const damaged = { level: 'content', ok: false, at: '2026-11-22T09:00:00Z', damage: [], foundIn: null } as const

/** A chain of three, and before it one of two that ended when tracking was lost. */
const reason = 'The restore point before it was damaged.'
const chains: readonly Point[] = [
  over('c3', 1, ['c2', 'c1']),
  over('c2', 9, ['c1']),
  point('c1', 'debian-dev', 17, { kindReason: reason }),
  over('b2', 240, ['b1']),
  point('b1', 'debian-dev', 500),
]
const open = (points: readonly Point[], more: Scene = {}) => openMachine(sceneBridge({ points, ...more }))

describe('restore points that lie over each other', () => {
  it('have a rail: square for full, ring for incremental', async () => {
    open(chains)
    expect(await railOf('c3')).toBe('incremental')
    expect(await railOf('c1')).toBe('full')
    expect((await rowOf('c3')).textContent).toContain('Incremental')
  })

  it('fold an earlier chain to one row, under a sentence that says why it starts again', async () => {
    open(chains)
    const row = await screen.findByTestId(`chain-${pointId('b1')}`)
    expect(row.getAttribute('aria-expanded')).toBe('false')
    expect(row.textContent).toContain('2 points')
    expect(row.textContent).toContain('39.6\u00a0GB')
    expect(screen.queryByTestId(`point-${pointId('b2')}`)).toBeNull()
    expect(screen.getByText(`The chain starts again above: ${reason}`)).toBeTruthy()
  })

  it('unfold and fold with the arrow keys', async () => {
    const { user } = open(chains)
    await user.click(await rowOf('c1'))
    await user.keyboard('{ArrowDown}')
    const chain = screen.getByTestId(`chain-${pointId('b1')}`)
    expect(document.activeElement).toBe(chain)
    await user.keyboard('{ArrowRight}')
    expect(chain.getAttribute('aria-expanded')).toBe('true')
    await user.keyboard('{ArrowDown}')
    expect(document.activeElement).toBe(await rowOf('b2'))
    expect((await rowOf('b2')).getAttribute('aria-level')).toBe('2')
    await user.keyboard('{ArrowLeft}{ArrowLeft}')
    expect(screen.queryByTestId(`point-${pointId('b2')}`)).toBeNull()
    expect(document.activeElement).toBe(chain)
  })

  it('unfold where a problem leads into them', async () => {
    const { state } = open(chains)
    await rowOf('c1')
    act(() => state.ui.selectPoints([pointId('b2')]))
    expect((await rowOf('b2')).getAttribute('aria-selected')).toBe('true')
  })

  it('unfold where typing a date leads', async () => {
    const { user } = open(chains)
    await user.click(await rowOf('c3'))
    const old = chains[3] as Point
    await user.keyboard(formatDay(old.createdAt, { now: new Date() }).toLowerCase())
    expect((await rowOf('b2')).getAttribute('aria-selected')).toBe('true')
    await waitFor(async () => expect(document.activeElement).toBe(await rowOf('b2')))
  })

  it('can be listed by days alone', async () => {
    const { user } = open(chains)
    await rowOf('c1')
    await user.click(screen.getByRole('radio', { name: 'Days' }))
    expect(await rowOf('b2')).toBeTruthy()
    expect(screen.queryByTestId(`chain-${pointId('b1')}`)).toBeNull()
    expect(screen.getByTestId('points').getAttribute('aria-rowcount')).toBe('6')
  })

  it('show the one being written as dashed', async () => {
    const plan = { kind: 'incremental', basis: 'bitmap', reason: '', endBytes: 0 } as const
    open(chains, { jobs: [job('j1', 'debian-dev', { plan })] })
    await rowOf('c1')
    expect(document.querySelector('[data-rail="writing"]')).not.toBeNull()
  })

  it('name the damaged one that they depend on, and cannot be restored', async () => {
    const [c3, c2, c1] = chains as [Point, Point, Point]
    const torn = {
      diskId: c1.disks[0]?.id ?? diskId('vda'),
      file: 'vda.qcow2',
      offset: null,
      length: null,
      text: 'It is torn.',
    }
    const bad = { ...c1, verification: { ...damaged, damage: [{ ...torn, kind: 'structure' as const }] } }
    const marked = { ...c2, verification: { ...damaged, damage: [], foundIn: c1.id } }
    open([c3, marked, bad])
    expect(await railOf('c1')).toBe('damaged')
    expect(await railOf('c2')).toBe('incremental')
    expect((await rowOf('c1')).textContent).toContain('Damaged')
    for (const id of ['c2', 'c3']) expect((await rowOf(id)).textContent).toContain('Can’t be restored: depends on')
    expect((await rowOf('c3')).getAttribute('aria-label')).toContain('can’t be restored: depends on')
  })
})

describe('chains as data', () => {
  const style = { now: new Date('2026-11-22T14:00:00Z'), locale: 'en-GB', timeZone: 'UTC' } as const
  const places = ['one', 'two'].map((name) => destination(name).id)
  /** Each point stands alone or lies over an older one of its place. */
  const history = fc
    .array(fc.record({ place: fc.nat(1), clone: fc.boolean(), on: fc.option(fc.nat(30)) }), { maxLength: 40 })
    .map((steps) => {
      const made: Point[] = []
      steps.forEach(({ place, clone, on }, index) => {
        const older = made.filter((one) => one.destinationId === places[place] && one.storage === 'chain')
        const below = clone || on === null || older.length === 0 ? undefined : older[on % older.length]
        const at = new Date(Date.UTC(2026, 9, 1) + index * 5 * 3_600_000).toISOString()
        const needs = below === undefined ? [] : [below.id, ...below.needs]
        const more = { createdAt: at, destinationId: places[place] as Point['destinationId'], needs }
        made.push(point(`m${index}`, 'debian-dev', 0, { ...more, storage: clone ? 'clone' : 'chain' }))
      })
      return made.toReversed()
    })

  it('hold every point once, newest first in each, without a gap between the rows', () => {
    fc.assert(
      fc.property(history, fc.boolean(), (all, open) => {
        const grid = buildGrid(all, style, { kind: 'chains', isOpen: () => open })
        const ids = grid.stops.flatMap((row) =>
          row.kind === 'point' ? [row.key] : row.open ? [] : row.chain.points.map((one) => one.id as string),
        )
        expect(ids.toSorted()).toEqual(all.map((one) => one.id as string).toSorted())
        expect(grid.stops.map((row) => row.index)).toEqual(grid.stops.map((_, index) => index))
        let top = 0
        for (const row of grid.rows) {
          expect(row.top).toBe(top)
          top += row.kind === 'day' || row.kind === 'gap' ? 28 : 36
        }
        expect(grid.height).toBe(top)
        expect(new Set(grid.rows.map((row) => row.key)).size).toBe(grid.rows.length)
        for (const chain of chainsOf(all)) {
          const times = chain.points.map((one) => one.createdAt)
          expect(times).toEqual(times.toSorted().toReversed())
          for (const one of chain.points) {
            for (const need of one.needs) expect(chain.points.some((other) => other.id === need)).toBe(true)
          }
        }
      }),
    )
  })
})

describe('restore points that stand alone', () => {
  const clones = chains.map((one) => ({ ...one, storage: 'clone' as const, needs: [] }))

  it('have no rail, no folding and no choice between chains and days', async () => {
    open(clones)
    expect(await railOf('c3')).toBe('none')
    expect(screen.getAllByTestId(/^point-/)).toHaveLength(5)
    expect(screen.queryByRole('radio', { name: 'Chains' })).toBeNull()
    expect((await rowOf('c3')).textContent).toContain('Incremental')
  })

  it('neither have the first ones of a destination that will keep chains', async () => {
    open([point('c1', 'debian-dev', 1)])
    expect(await railOf('c1')).toBe('none')
  })
})

describe('what restore points cost', () => {
  it('is what each added in the list, and the real bytes together in the heading', async () => {
    open(chains)
    expect((await rowOf('c3')).textContent).toContain('1.20\u00a0GB')
    expect(screen.getByText('5 on Samsung T7 · 80.9 GB')).toBeTruthy()
  })
})

describe('a pin', () => {
  it('is set and taken from the row’s own menu', async () => {
    const { user, bridge } = open([point('p1', 'debian-dev', 1), point('p2', 'debian-dev', 2, { pinned: true })])
    bridge.answer('points.pin', () => ({ ok: true, value: point('p1', 'debian-dev', 1, { pinned: true }) }))
    await user.pointer({ keys: '[MouseRight]', target: await rowOf('p1') })
    await user.click(await screen.findByRole('menuitem', { name: 'Pin' }))
    expect(inputsOf(bridge, 'points.pin')).toEqual([{ pointId: pointId('p1'), pinned: true }])
    expect(within(await rowOf('p2')).getByRole('img', { name: 'Pinned' })).toBeTruthy()
    await user.click(await rowOf('p2'))
    await user.click(within(await rowOf('p2')).getByRole('button', { name: 'More' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Unpin' }))
    expect(inputsOf(bridge, 'points.pin')).toHaveLength(2)
  })

  it('is set from the menu bar, for all that are selected', async () => {
    const { bridge, state } = open([point('p1', 'debian-dev', 1), point('p2', 'debian-dev', 2, { pinned: true })])
    bridge.answer('points.pin', () => ({ ok: true, value: point('p1', 'debian-dev', 1, { pinned: true }) }))
    await rowOf('p1')
    act(() => state.ui.selectPoints([pointId('p1'), pointId('p2')]))
    act(() => bridge.menu('pin-point'))
    await waitFor(() => expect(inputsOf(bridge, 'points.pin')).toEqual([{ pointId: pointId('p1'), pinned: true }]))
  })

  it('cannot be set on a drive that is away', async () => {
    const { user } = open([point('p1', 'debian-dev', 1, { available: false })], {
      destinations: [destination('Samsung T7', { state: { kind: 'absent', lastSeenAt: null } })],
    })
    await user.pointer({ keys: '[MouseRight]', target: await rowOf('p1') })
    const item = await screen.findByRole('menuitem', { name: /^Pin/ })
    expect(item.getAttribute('aria-disabled')).toBe('true')
  })
})
