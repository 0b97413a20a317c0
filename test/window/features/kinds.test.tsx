import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../../shared/domain/job.ts'
import '../support/setup.ts'
import { machineId, point } from '../support/sample.ts'
import { ended, openCard } from './job-card-support.ts'

const plan = (
  kind: 'full' | 'incremental',
  basis: 'bitmap' | 'comparison' | 'all',
  reason = 'Changes are tracked.',
  endBytes = 0,
) => ({
  plan: { kind, basis, reason, endBytes },
})
const lost = 'Change tracking was cut off when QEMU was killed.'

describe('the card of a backup', () => {
  it('is named by its kind as soon as it is planned', async () => {
    expect(
      (await openCard(plan('incremental', 'bitmap'))).card.getByText('Incremental backup to Samsung T7'),
    ).toBeTruthy()
  })

  it('that is a full one says so and why', async () => {
    const { card } = await openCard(plan('full', 'all', 'The restore point before it is damaged.'))
    expect(card.getByText('Full backup to Samsung T7')).toBeTruthy()
    expect(card.getByTestId('plan-note').textContent).toBe(
      'This backup is a full one. The restore point before it is damaged.',
    )
  })

  it('has no kind before it is planned, and no note while changes are tracked', async () => {
    const { card } = await openCard({ plan: null })
    expect(card.getByText('Backup to Samsung T7')).toBeTruthy()
    expect(card.queryByTestId('plan-note')).toBeNull()
  })

  it('while comparing shows what is read, never as a copied share', async () => {
    const phases: Job['phases'] = [
      { name: 'prepared', state: 'done', label: null },
      { name: 'frozen', state: 'skipped', label: null },
      { name: 'compared', state: 'current', label: null },
      { name: 'copying', state: 'todo', label: null },
      { name: 'recorded', state: 'todo', label: null },
    ]
    const { card, element } = await openCard({
      ...plan('incremental', 'comparison', lost),
      state: { kind: 'comparing' },
      phases,
      progress: { doneBytes: 0, totalBytes: 0, fraction: 0, bytesPerSecond: null, secondsLeft: null },
      checked: { doneBytes: 2_100_000_000, totalBytes: 9_600_000_000 },
    })
    expect(element.textContent).toContain('Comparing 2.10 of 9.60\u00a0GB')
    expect(element.textContent).not.toContain('0\u00a0%')
    expect(card.getByTestId('check-sweep').style.width).toMatch(/^21\.8/)
    const bar = card.getByRole('progressbar')
    expect(bar.getAttribute('aria-valuetext')).toBe('Backup of debian-dev, comparing, 2.1 of 9.6 gigabytes')
    expect(bar.getAttribute('aria-valuenow')).toBe('0')
    expect(card.getByText('Comparing').closest('li')?.getAttribute('aria-current')).toBe('step')
    expect(card.getByTestId('plan-note').textContent).toContain(lost)
    const row = screen.getByTestId(`side-machine-${machineId('debian-dev')}`)
    expect(row.textContent).toContain('Comparing')
    expect(row.textContent).not.toContain('%')
    expect(row.getAttribute('aria-label')).toBe('debian-dev, comparing, 21 percent read')
  })

  it('while proving shows how much of the instant was read once more', async () => {
    const { card, element } = await openCard({
      ...plan('incremental', 'bitmap'),
      state: { kind: 'proving' },
      phases: [{ name: 'proven', state: 'current', label: null }],
      checked: { doneBytes: 2_100_000_000, totalBytes: 9_600_000_000 },
    })
    expect(card.getByText('Proving the copy')).toBeTruthy()
    expect(element.textContent).toContain('Proving 2.10 of 9.60\u00a0GB')
    expect(card.getByText('Proving')).toBeTruthy()
  })

  it('has a phase for comparing and proving only when they are part of it', async () => {
    const { card } = await openCard(plan('incremental', 'bitmap'))
    expect(card.queryByText('Compared')).toBeNull()
    expect(card.queryByText('Proven')).toBeNull()
  })

  it('says when it is done what it added', async () => {
    const { element } = await openCard(ended({ kind: 'done' }, { ...plan('incremental', 'bitmap') }))
    expect(element.textContent).toContain('9.60\u00a0GB added')
  })
})

describe('a backup of a machine that has written nothing', () => {
  const nothing = { doneBytes: 0, totalBytes: 0, fraction: 0, bytesPerSecond: null, secondsLeft: null }

  it('says so instead of numbers, while it runs and when it is done', async () => {
    const running = await openCard({ ...plan('incremental', 'bitmap'), progress: nothing })
    expect(running.element.textContent).toContain('Nothing has changed')
    expect(running.element.textContent).not.toMatch(/0 of 0|\d+\s%/)
    running.unmount()
    const result = { pointId: null, restoreId: null, images: [], ok: true, bytes: 0 }
    const done = await openCard(ended({ kind: 'done' }, { ...plan('incremental', 'bitmap'), result }))
    expect(done.element.textContent).toContain('Nothing had changed')
  })

  it('says so although the end of each disk is copied, and does not hide that', async () => {
    const tracked = plan('incremental', 'bitmap', 'Changes are tracked.', 131_072)
    const running = await openCard({ ...tracked, progress: { ...nothing, totalBytes: 131_072 } })
    expect(running.element.textContent).toMatch(/Nothing has changed, copying 131\sKB/)
    running.unmount()
    const result = { pointId: null, restoreId: null, images: [], ok: true, bytes: 131_072 }
    const done = await openCard(ended({ kind: 'done' }, { ...tracked, result }))
    expect(done.element.textContent).toMatch(/Nothing had changed, 131\sKB added/)
  })
})

describe('a backup that ended early', () => {
  const tracked = 'Changes are still tracked, so the next backup is incremental.'
  const start = 'The next backup starts from the beginning.'
  const cancelled = (change: Partial<Job>, points?: Parameters<typeof openCard>[1]) =>
    openCard(ended({ kind: 'cancelled' }, { result: null, ...change }), points)

  it('loses no changes when it was incremental', async () => {
    expect((await cancelled(plan('incremental', 'bitmap'))).element.textContent).toContain(tracked)
  })

  it('loses no changes when it was a full one beside an older restore point', async () => {
    expect((await cancelled(plan('full', 'all'))).element.textContent).toContain(tracked)
  })

  it('starts from the beginning when it was the first', async () => {
    expect((await cancelled(plan('full', 'all'), { points: [] })).element.textContent).toContain(start)
  })

  it('starts from the beginning when all before it is damaged', async () => {
    const verification = { level: 'content', ok: false, at: '2026-11-22T09:00:00Z', damage: [], foundIn: null } as const
    const broken = point('p1', 'debian-dev', 1, { verification: { ...verification, damage: [] } })
    expect((await cancelled(plan('full', 'all'), { points: [broken] })).element.textContent).toContain(start)
  })

  it('compares again when tracking was lost', async () => {
    const { element } = await cancelled(plan('incremental', 'comparison', lost))
    expect(element.textContent).toContain('The next backup compares again, and copies only what changed.')
  })

  it('says so before it is cancelled', async () => {
    const { card, user } = await openCard(plan('incremental', 'bitmap'))
    await user.click(card.getByRole('button', { name: 'Cancel…' }))
    const sheet = within(await screen.findByTestId('sheet-cancel-job'))
    expect(sheet.getByText(new RegExp(tracked))).toBeTruthy()
  })
})
