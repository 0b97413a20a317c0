import { act, screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Point } from '../../../shared/domain/point.ts'
import { ago, destination, diskId, pointId, point as sample } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const reason = 'Changes have been tracked since the last restore point.'
const base = sample('c1', 'debian-dev', 17)
const middle = sample('c2', 'debian-dev', 9, {
  kind: 'incremental',
  basis: 'bitmap',
  kindReason: reason,
  needs: [base.id],
  adds: 640e6,
  bytes: 700e6,
})
const newest = { ...middle, id: pointId('c3'), createdAt: ago(1), needs: [middle.id, base.id], adds: 1.2e9 }
const other = sample('a1', 'debian-dev', 300)
const verdict = { level: 'content', ok: true, at: ago(0), damage: [], foundIn: null } as const

async function select(id: string, points: readonly Point[]) {
  const rendered = openMachine(sceneBridge({ points }))
  await screen.findByTestId('points')
  act(() => rendered.state.ui.selectPoints([pointId(id)]))
  return { ...rendered, inspector: await screen.findByTestId('inspector') }
}

describe('the inspector of a restore point', () => {
  it('keeps what it restores apart from what it added', async () => {
    await select('c2', [newest, middle, base])
    expect(screen.getByTestId('point-restores').textContent).toContain('1 disk, 64.0\u00a0GB')
    expect(screen.getByTestId('point-restores').textContent).not.toContain('640')
    expect(screen.getByTestId('point-cost').textContent).toBe('Adds640\u00a0MBTakes up700\u00a0MB')
  })

  it('tells its kind, how the changes were found, and why', async () => {
    await select('c2', [newest, middle, base])
    expect(screen.getByTestId('point-kind').textContent).toBe(`Incremental · By change tracking${reason}`)
  })

  it('lists what it needs, nearest first, and leads there', async () => {
    const { user, state } = await select('c3', [newest, middle, base])
    const needs = within(screen.getByTestId('point-needs'))
    expect(needs.getByText('Needs 2 other restore points')).toBeTruthy()
    const rows = needs.getAllByRole('listitem').map((row) => row.textContent ?? '')
    expect(rows[0]).toMatch(/\(this one\)1\.20\sGB/)
    expect(rows[1]).toMatch(/640\sMB$/)
    expect(rows[2]).toMatch(/, full38\.4\sGB$/)
    await user.click(needs.getByRole('button', { name: /, full$/ }))
    expect(state.ui.store.getState().selectedPoints).toEqual([base.id])
    expect(screen.getByTestId('point-needs').textContent).toContain('2 newer points build on this one.')
  })

  it('says when it stands alone', async () => {
    await select('c2', [{ ...middle, storage: 'clone', needs: [] }])
    expect(screen.getByTestId('point-needs').textContent).toContain('Nothing else: it stands alone.')
  })

  it('says where its checksums are from: of an incremental, only what changed was read back', async () => {
    const { state } = await select('c1', [newest, middle, base])
    const verified = () => screen.getByTestId('point-verified').textContent
    expect(verified()).toContain('Its checksums were taken from the finished copy. Verify reads everything again')
    act(() => state.ui.selectPoints([middle.id]))
    expect(verified()).toContain(
      'Checksums of what changed were taken from the finished copy; the others may be those of',
    )
  })

  it('says when it was compared with the machine itself', async () => {
    await select('c1', [{ ...base, verification: { ...verdict, level: 'live', damage: [] } }])
    expect(screen.getByTestId('point-verified').textContent).toContain(
      'ProvenCompared byte for byte with the running machine',
    )
    expect(screen.getByTestId(`point-${pointId('c1')}`).textContent).toContain('Proven')
  })
})

describe('a damaged restore point', () => {
  const damage = [
    {
      diskId: diskId('vda'),
      file: 'vda.qcow2',
      kind: 'content',
      offset: 1_048_576,
      length: 65_536,
      text: 'It differs.',
    },
  ] as const
  const bad = { ...base, verification: { ...verdict, ok: false, damage: [...damage] } }
  const torn = {
    ...bad,
    verification: {
      ...bad.verification,
      damage: [{ ...damage[0], diskId: base.disks[0]?.id ?? diskId('vda'), kind: 'structure' as const }],
    },
  }
  const marked = { ...middle, verification: { ...verdict, ok: false, damage: [], foundIn: base.id } }

  it('says where, which others are affected, and what to use instead', async () => {
    const { user, state } = await select('c1', [newest, marked, torn, other])
    const banner = screen.getByTestId('banner-damaged')
    expect(banner.textContent).toContain('Can’t be restored')
    expect(banner.textContent).toContain('It differs.')
    expect(screen.getByTestId('affected').textContent).toMatch(/^2 other points can’t be restored either: /)
    expect(screen.getByTestId('point-verified').parentElement?.textContent).toContain(
      'From byte 1,048,576. It differs.',
    )
    await user.click(within(banner).getByRole('button', { name: /^Use .* Instead$/ }))
    expect(state.ui.store.getState().selectedPoints).toEqual([other.id])
  })

  it('blocks the restore of those that lie over it, and names itself there', async () => {
    const { bridge, user } = await select('c3', [newest, marked, torn, other])
    expect(screen.getByTestId('banner-damaged').textContent).toContain('Can’t be restored: depends on')
    const restore = screen.getByTestId('restore-point')
    expect(restore.getAttribute('aria-disabled')).toBe('true')
    await user.click(restore)
    expect(inputsOf(bridge, 'restore.preflight')).toEqual([])
  })

  it('leaves those alone that wrote over its damaged bytes, and offers them instead', async () => {
    const { user, state } = await select('c1', [newest, marked, bad, other])
    expect(screen.getByTestId('affected').textContent).toMatch(/^1 other point can’t be restored either: /)
    await user.click(within(screen.getByTestId('banner-damaged')).getByRole('button', { name: /^Use .* Instead$/ }))
    expect(state.ui.store.getState().selectedPoints).toEqual([newest.id])
    expect(screen.queryByTestId('banner-damaged')).toBeNull()
    expect(screen.getByTestId('restore-point').getAttribute('aria-disabled')).not.toBe('true')
    expect(screen.getByTestId(`point-${pointId('c3')}`).textContent).not.toContain('Can’t be restored')
  })

  it('says in which check the damage of another was found', async () => {
    await select('c2', [marked, bad])
    expect(screen.getByTestId('point-verified').textContent).toContain('was verified: both need the same bytes.')
  })
})

describe('where restore points lie', () => {
  async function openPlace(storage: 'clone' | 'chain') {
    const place = destination('Samsung T7', { storage })
    const { state } = openMachine(sceneBridge({ destinations: [place] }))
    await screen.findByTestId('points')
    act(() => state.ui.show({ kind: 'destination', destinationId: place.id }))
    return (await screen.findByTestId('destination-storage')).textContent
  }

  it('is told on the destination’s page', async () => {
    expect(await openPlace('clone')).toContain('Each restore point stands alone (clones)')
  })

  it('is told where they share files, too', async () => {
    expect(await openPlace('chain')).toContain('Restore points share files (chains)')
  })
})

describe('verifying in the background', () => {
  it('is off until it is given so much a day', async () => {
    const { bridge, state, user } = openMachine(sceneBridge())
    await screen.findByTestId('points')
    act(() => state.ui.openSheet({ kind: 'settings' }))
    const button = await screen.findByTestId('settings-verify')
    expect(button.textContent).toContain('Off')
    await user.click(button)
    await user.click(await screen.findByRole('option', { name: /^50.0\sGB a day/ }))
    expect(inputsOf(bridge, 'settings.set')).toEqual([{ verifyPerDay: 50e9 }])
  })
})
