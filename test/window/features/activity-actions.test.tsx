import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Activity } from '../../../shared/domain/activity.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { activity, destination, fullProblem, jobId, machine, machineId, settings } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf } from './support.ts'

const t7 = destination('Samsung T7')
const usual = destination('Usual')

async function openLine(more: Partial<Activity>) {
  const line = activity('a1', { level: 'problem', jobId: jobId('j1'), ...more })
  const bridge = createFakeBridge({
    items: {
      machines: [machine('debian-dev')],
      destinations: [t7, usual],
      activity: [line],
      settings: [settings({ defaultDestinationId: usual.id })],
    },
  })
  bridge.answer('backup.start', () => ({ ok: true, value: { jobId: jobId('j2') } }))
  const rendered = renderWindow(bridge)
  rendered.state.ui.show({ kind: 'activity' })
  const row = within(await screen.findByTestId('act-a1'))
  await rendered.user.click(row.getByRole('button', { expanded: false }))
  return { ...rendered, bridge, row }
}

const clash = { ...fullProblem, code: 'backup/job-clash', params: { disk: 'data' } } as const

describe('a problem in the activity list', () => {
  it('offers what helps, for as long as nobody has dismissed it', async () => {
    const { row, user, bridge } = await openLine({ problem: clash })
    await user.click(row.getByRole('button', { name: 'Start When Done' }))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      expect.objectContaining({ machineId: machineId('debian-dev'), whenPossible: true }),
    ])
  })

  it('offers nothing any more once it is dismissed', async () => {
    const { row } = await openLine({ problem: clash, dismissed: true })
    expect(row.queryByRole('button', { name: 'Start When Done' })).toBeNull()
  })

  it('leads to setting up the agent', async () => {
    const { row, user, state } = await openLine({ problem: { ...fullProblem, code: 'agent/no-answer', params: {} } })
    await user.click(row.getByRole('button', { name: 'Set Up Agent…' }))
    expect(state.ui.store.getState().sheet).toEqual({ kind: 'set-up-agent', machineId: machineId('debian-dev') })
  })

  it('makes room on the destination that was full, not on the usual one, and nowhere when it is not known', async () => {
    const params = { destination: 'Samsung T7', machine: 'debian-dev' }
    const full = await openLine({ problem: { ...fullProblem, code: 'backup/destination-full', params } })
    await full.user.click(full.row.getByRole('button', { name: 'Free Up Space…' }))
    expect(full.state.ui.store.getState().view).toEqual({ kind: 'destination', destinationId: t7.id })
    full.unmount()
    const gone = { ...params, destination: 'Sold' }
    const other = await openLine({ problem: { ...fullProblem, code: 'backup/destination-full', params: gone } })
    expect(other.row.queryByRole('button', { name: 'Free Up Space…' })).toBeNull()
  })

  it('never thaws a guest that is not frozen, and never backs up where a restore failed', async () => {
    const { row } = await openLine({ problem: { ...fullProblem, code: 'agent/not-thawed', params: {} } })
    expect(row.queryByRole('button', { name: 'Thaw Now' })).toBeNull()
    expect(row.queryByRole('button', { name: 'Try Again' })).toBeNull()
  })
})
