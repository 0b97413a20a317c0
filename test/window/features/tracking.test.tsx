// What a machine's page says of change tracking before any of it is lost.
import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { ChangeTracking } from '../../../shared/domain/disk.ts'
import { disk } from '../support/sample.ts'
import '../support/setup.ts'
import { openMachine, sceneBridge } from './support.ts'

const on: ChangeTracking = { kind: 'persistent', now: 'on' }
const raw: ChangeTracking = { kind: 'volatile', now: 'on', why: 'raw' }
const cd = disk('cd0', { exclusion: 'removable', tracking: { kind: 'none', why: 'not-backed-up' } })

const rowOf = async (name: string) => {
  const inspector = within(await screen.findByTestId('inspector'))
  const group = inspector.getByRole('heading', { name }).parentElement as HTMLElement
  return within(group).queryByText('Tracking')?.nextElementSibling?.textContent ?? null
}

describe('change tracking', () => {
  it('has a row for each disk that is backed up', async () => {
    openMachine(
      sceneBridge({
        machine: { disks: [disk('vda', { tracking: on }), disk('vdb', { format: 'raw', tracking: raw }), cd] },
      }),
    )
    expect(await rowOf('vda')).toBe('On, kept in the image')
    expect(await rowOf('vdb')).toMatch(/^On, only while this QEMU runs: a raw image can’t keep it\./)
    expect(await rowOf('cd0')).toBeNull()
  })

  it.each([
    ['Change tracking on', on, 'also over a clean shutdown'],
    ['Change tracking on while QEMU runs', raw, 'Changes of vda are tracked only while this QEMU runs'],
    ['Change tracking was cut off', { kind: 'persistent', now: 'cut-off' }, 'starts again with the next backup'],
  ] as const)('the readiness says: %s', async (text, tracking, hint) => {
    openMachine(sceneBridge({ machine: { disks: [disk('vda', { tracking })] } }))
    const row = within(await screen.findByTestId('readiness'))
    const chip = row.getByText((_text, element) => element?.getAttribute('title')?.includes(hint) === true)
    expect(chip.textContent?.startsWith(text)).toBe(true)
    // A tooltip alone is not heard.
    expect(chip.querySelector('.visually-hidden')?.textContent).toContain(hint)
  })

  it('is not known of a machine that is off, and nothing is promised', async () => {
    openMachine(
      sceneBridge({
        machine: { state: { kind: 'off', since: null }, disks: [disk('vda', { tracking: { kind: 'unknown' } })] },
      }),
    )
    expect(await rowOf('vda')).toBe('Not known')
    expect((await screen.findByTestId('readiness')).textContent).not.toContain('racking')
  })
})
